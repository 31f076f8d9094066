package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"leakhunt/harness/fault"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// WriteComparisonTo writes a comparison into every sink, as WriteAll does a
// result.
func WriteComparisonTo(sinks []Sink, stdout io.Writer, c *Comparison, o Options) error {
	return each(sinks, stdout, o, func(w io.Writer, format string, o Options) error {
		return WriteComparison(w, format, c, o)
	})
}

// WriteComparison renders a comparison as table, json, html or markdown.
func WriteComparison(w io.Writer, format string, c *Comparison, o Options) error {
	var render func(io.Writer) error
	switch format {
	case "table":
		render = func(b io.Writer) error { return comparisonTable(b, c, o) }
	case "json":
		render = func(b io.Writer) error { return encode(b, c) }
	case "markdown":
		render = func(b io.Writer) error { return comparisonMarkdown(b, c) }
	case "html":
		render = func(b io.Writer) error { return comparisonHTML(b, c) }
	default:
		return fault.Usagef("there is no output format %q for a comparison", clean(format)).
			WithHint("The formats are table, json, html, markdown.")
	}
	return once(w, o.Redact, render)
}

func (c Change) label() string {
	if c.Name != "" {
		return c.Name
	}
	return c.Method + " " + c.URI
}

func (c Change) verdicts() string {
	switch {
	case c.Base == nil:
		return "– → " + string(c.Head.Verdict)
	case c.Head == nil:
		return string(c.Base.Verdict) + " → –"
	case c.Base.Verdict == c.Head.Verdict:
		return string(c.Head.Verdict)
	}
	return string(c.Base.Verdict) + " → " + string(c.Head.Verdict)
}

// compared is whether both runs have a growth; nothing else has an interval.
func (c Change) compared() bool {
	return c.Base != nil && c.Head != nil && c.Base.measured && c.Head.measured
}

// text is the kind of change, and whether something to look at is ignored.
func (c Change) text() string {
	if c.spared() {
		return c.Kind + ", ignored"
	}
	return c.Kind
}

// spared says that the URI would have to be looked at, were it not ignored.
func (c Change) spared() bool {
	return c.Ignored && (c.worse() || c.Kind == Unclear || c.Kind == Failed)
}

// worse says that the head keeps more than the base did: a regression, or a new
// URI that leaks.
func (c Change) worse() bool {
	return c.Kind == Regression || c.Kind == Added && c.Head.Verdict == verdict.Leak
}

// pick is the changes that a test takes.
func (c *Comparison) pick(test func(Change) bool) []Change {
	var out []Change
	for _, ch := range c.Changes {
		if test(ch) {
			out = append(out, ch)
		}
	}
	return out
}

// advice is what a comparison comes to, in a sentence or two.
func (c *Comparison) advice() string {
	worse := c.pick(func(ch Change) bool { return ch.worse() && !ch.Ignored })
	ignored := c.pick(func(ch Change) bool { return ch.worse() && ch.Ignored })
	unclear := c.pick(func(ch Change) bool { return ch.Kind == Unclear && !ch.Ignored })
	var s string
	switch {
	case len(worse) > 0:
		s = fmt.Sprintf("%s. %s", count(len(worse), "regression", "regressions"), worse[0].Why)
	case len(unclear) > 0:
		s = fmt.Sprintf("No regression is proven, and %s may be worse. %s", count(len(unclear), "URI", "URIs"), unclear[0].Why)
	default:
		s = fmt.Sprintf("No regression in %s.", count(len(c.pick(Change.compared)), "URI", "URIs"))
	}
	if len(ignored) > 0 {
		s += fmt.Sprintf(" %s ignored.", count(len(ignored), "regression is", "regressions are"))
	}
	return s
}

func comparisonTable(w io.Writer, c *Comparison, o Options) error {
	ifCompared := func(f func(Change) string) func(Change) string {
		return func(c Change) string {
			if !c.compared() {
				return "–"
			}
			return f(c)
		}
	}
	cols := []column[Change]{
		{title: "URI", align: tw.AlignLeft, flex: true, cell: func(c Change) string { return plain(c.label()) }},
		{title: "Change", align: tw.AlignLeft, cell: Change.text, color: changeColor},
		{title: "Difference/request", align: tw.AlignRight, cell: ifCompared(func(c Change) string { return signed(c.Difference) })},
		{title: "Interval", align: tw.AlignRight, drop: 3, cell: ifCompared(func(c Change) string { return between(c.Low, c.High) })},
		{title: "Floor", align: tw.AlignRight, drop: 4, cell: ifCompared(func(c Change) string { return units.Bytes(c.Floor) })},
		{title: "Base", align: tw.AlignRight, drop: 1, cell: func(c Change) string { return c.Base.rate() }},
		{title: "Head", align: tw.AlignRight, drop: 1, cell: func(c Change) string { return c.Head.rate() }},
		{title: "Verdict", align: tw.AlignLeft, drop: 2, cell: Change.verdicts},
	}
	if len(c.Changes) > 0 {
		if err := grid(w, c.Changes, cols, o); err != nil {
			return err
		}
	}
	lines := []string{"", c.advice()}
	for _, n := range c.Notes {
		lines = append(lines, "note: "+n)
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, wrap(plain(l), tableWidth(o), "", "  ")); err != nil {
			return err
		}
	}
	return nil
}

// rate is the growth on one side, "–" where it was not measured.
func (s *Side) rate() string {
	if s == nil || !s.measured {
		return "–"
	}
	return units.Bytes(s.Growth)
}

// signed writes a difference with its sign.
func signed(v float64) string {
	if s := units.Bytes(v); v > 0 && !strings.HasPrefix(s, "0 ") {
		return "+" + s
	}
	return units.Bytes(v)
}

func changeColor(c Change) string {
	if c.spared() {
		return "2"
	}
	switch c.Kind {
	case Regression:
		return "1;31"
	case Unclear:
		return "33"
	case Failed:
		return "35"
	case Improved:
		return "32"
	}
	return ""
}
