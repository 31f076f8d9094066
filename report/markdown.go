package report

import (
	"fmt"
	"io"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// writeMarkdown writes GitHub flavoured Markdown, as GitHub, GitLab and their
// job summaries render it.
func writeMarkdown(w io.Writer, r *result.Result, o Options) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## leakhunt: %s\n\n**%s**\n", mdCode(r.Scenario.Name), md(advice(r, o)))
	if !r.Complete {
		fmt.Fprintf(&b, "\n**Incomplete:** the run ended before everything was measured%s.\n", md(reason(r.Incomplete)))
	}
	if len(r.URIs) > 0 {
		fmt.Fprintf(&b, "\n| # | URI | Verdict | Memory | Growth/request | %s | Floor | Requests |\n|--:|:--|:--|:--|--:|--:|--:|--:|\n", intervalTitle(r))
		for _, u := range pointers(r) {
			v := md(verdictText(u))
			if convicted(u) && !u.Ignored {
				v = "**" + v + "**"
			}
			fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s | %s | %s |\n", u.Rank, mdCode(label(u)), v, md(cellOf(figures.memory)(u)),
				cellOf(figures.growth)(u), cellOf(figures.interval)(u), cellOf(figures.floor)(u), units.Count(u.Requests))
		}
		if text := beyond(r); text != "" {
			fmt.Fprintf(&b, "\n%s\n", md(text))
		}
	}
	for _, u := range pointers(r) {
		if convicted(u) {
			mdDetails(&b, u)
		}
	}
	mdReasons(&b, r, verdict.Failed, "Could not be judged")
	mdReasons(&b, r, verdict.Inconclusive, "Inconclusive")
	if o.Comparison != nil {
		b.WriteString("\n### Against the baseline\n\n")
		mdComparison(&b, o.Comparison)
	}
	for i, w := range r.Warnings {
		if i == 0 {
			b.WriteString("\n### Warnings\n\n")
		}
		fmt.Fprintf(&b, "- %s (%s)\n", md(w.Message), mdCode(w.Code))
	}
	fmt.Fprintf(&b, "\n%s requests in %s s, seed %d, leakhunt %s\n", units.Count(r.RequestsTotal),
		units.Number(r.DurationS), r.Seed, mdCode(r.Tool.Version))
	_, err := io.WriteString(w, b.String())
	return err
}

func mdDetails(b *strings.Builder, u *result.URI) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", mdCode(label(u)), md(why(u)))
	for i, s := range u.Sites {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "- %s\n", md(siteText(s)))
		if held := heldText(s); held != "" {
			fmt.Fprintf(b, "  - %s\n", md(held))
		}
	}
	if u.SitesNote != "" {
		fmt.Fprintf(b, "\n%s\n", md(u.SitesNote))
	}
}

// mdReasons says why URIs have a verdict that is no answer.
func mdReasons(b *strings.Builder, r *result.Result, l verdict.Label, title string) {
	n := 0
	for _, u := range pointers(r) {
		if u.Verdict != l || convicted(u) {
			continue
		}
		if n++; n == 1 {
			fmt.Fprintf(b, "\n### %s\n\n", title)
		}
		if n <= maxNotes {
			fmt.Fprintf(b, "- %s: %s\n", mdCode(label(u)), md(why(u)))
		}
	}
	if n > maxNotes {
		fmt.Fprintf(b, "- and %s more: -o html explains them all\n", units.Count(n-maxNotes))
	}
}

func comparisonMarkdown(w io.Writer, c *Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## leakhunt: %s, compared\n\n", mdCode(c.Head.Scenario))
	mdComparison(&b, c)
	_, err := io.WriteString(w, b.String())
	return err
}

func mdComparison(b *strings.Builder, c *Comparison) {
	fmt.Fprintf(b, "**%s**\n", md(c.advice()))
	if len(c.Changes) > 0 {
		b.WriteString("\n| URI | Change | Difference/request | Interval | Floor | Verdict |\n|:--|:--|--:|--:|--:|:--|\n")
	}
	for _, ch := range c.Changes {
		kind, difference, limits, floor := ch.text(), "–", "–", "–"
		if ch.worse() && !ch.Ignored {
			kind = "**" + kind + "**"
		}
		if ch.compared() {
			difference, limits, floor = signed(ch.Difference), between(ch.Low, ch.High), units.Bytes(ch.Floor)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", mdCode(ch.label()), kind, difference, limits, floor, ch.verdicts())
	}
	for i, n := range c.Notes {
		if i == 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "- %s\n", md(n))
	}
}

// mdUnsafe are the characters that mean something to a Markdown reader in any
// place: their entities mean nothing but themselves. "@" would call people,
// "$" begin mathematics.
const mdUnsafe = "\\`*_[]<>#!|~&@$"

// md makes text from outside plain text in Markdown, inside a table too.
func md(s string) string {
	var b strings.Builder
	entity := func(r rune) { fmt.Fprintf(&b, "&#%d;", r) }
	runes := []rune(clean(s))
	lead := true // a list or a rule only begins where a line does
	for i, r := range runes {
		address := r == ':' && i+1 < len(runes) && runes[i+1] == '/' // would become a link
		if strings.ContainsRune(mdUnsafe, r) || address || lead && strings.ContainsRune("+-=.)", r) {
			entity(r)
		} else {
			b.WriteRune(r)
		}
		lead = lead && r >= '0' && r <= '9'
	}
	return b.String()
}

// mdCode is md as code. What has no text still has a cell of its own.
func mdCode(s string) string { return "<code>" + md(s) + "</code>" }
