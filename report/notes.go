package report

import (
	"fmt"
	"io"
	"strings"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// maxNotes is how many URIs of a kind the text under the table explains; the
// html report has them all.
const maxNotes = 5

// notes is the text under the table: what to do next, why, at which lines, and
// what to know before trusting it.
func notes(w io.Writer, r *result.Result, o Options) error {
	var b strings.Builder
	say := func(first, rest, format string, args ...any) {
		b.WriteString(wrap(plain(fmt.Sprintf(format, args...)), tableWidth(o), first, rest))
		b.WriteByte('\n')
	}
	if len(r.URIs) > 0 {
		b.WriteByte('\n')
	}
	say("", "", "%s", advice(r, o))
	if text := beyond(r); text != "" {
		b.WriteByte('\n')
		say("", "", "%s", text)
	}
	for _, kind := range []func(*result.URI) bool{
		convicted,
		func(u *result.URI) bool { return u.Verdict == verdict.Failed && !convicted(u) },
		func(u *result.URI) bool { return u.Verdict == verdict.Inconclusive && !convicted(u) },
	} {
		explain(&b, r, kind, say)
	}
	if o.Comparison != nil {
		b.WriteByte('\n')
		say("", "  ", "Against the baseline: %s", o.Comparison.advice())
	}
	if text := lanesText(r); text != "" {
		b.WriteByte('\n')
		say("", "  ", "%s", text)
	}
	if len(r.Warnings) > 0 {
		b.WriteByte('\n')
	}
	for _, w := range r.Warnings {
		say("", "  ", "warning: %s [%s]", w.Message, w.Code)
	}
	if !r.Complete {
		b.WriteByte('\n')
		say("", "", "Incomplete: the run ended before everything was measured%s.", reason(r.Incomplete))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func explain(b *strings.Builder, r *result.Result, kind func(*result.URI) bool, say func(first, rest, format string, args ...any)) {
	n := 0
	for i := range r.URIs {
		u := &r.URIs[i]
		if !kind(u) {
			continue
		}
		if n++; n > maxNotes {
			continue
		}
		if n == 1 {
			b.WriteByte('\n')
		}
		say("", "  ", "%s: %s", shorten(plain(label(u)), minWidth), why(u))
		for _, s := range u.Sites {
			say("  ", "    ", "%s", siteText(s))
			if held := heldText(s); held != "" {
				say("    ", "      ", "%s", held)
			}
		}
		if u.SitesNote != "" {
			say("  ", "    ", "%s", u.SitesNote)
		}
	}
	if n > maxNotes {
		say("", "", "and %s more: -o html explains them all", units.Count(n-maxNotes))
	}
}

// why is what was seen, with the first error and the ignore where there are.
func why(u *result.URI) string {
	s := u.Why
	if u.Verdict == verdict.Failed && !strings.Contains(s, u.FirstError) {
		s += " First error: " + u.FirstError
	}
	if u.Ignored {
		s += " Ignored" + until(u) + reason(u.IgnoreReason) + "."
	}
	return strings.TrimSpace(s)
}

func until(u *result.URI) string {
	if u.IgnoreUntil == "" {
		return ""
	}
	return " until " + u.IgnoreUntil
}

// siteText is one line that made what stays alive: where a library made it, the
// user's own line that called it comes first.
func siteText(s record.Site) string {
	t := place(s.File, s.Line)
	if s.Caller != "" {
		t = s.Caller + " → " + t
	}
	if s.Function != "" {
		t += " " + s.Function
	}
	t += " — "
	if s.Type != "" {
		t += s.Type + ", "
	}
	if s.ObjectsPerRequest != 0 { // some runtimes count bytes alone
		t += units.Quantity(s.ObjectsPerRequest, "objects") + "/request, "
	}
	return t + units.Rate(s.BytesPerRequest)
}

// heldText is what holds the objects of a site, "" where that is not known.
func heldText(s record.Site) string {
	if len(s.RetainedBy) == 0 {
		return ""
	}
	return "held by " + strings.Join(s.RetainedBy, " → ")
}
