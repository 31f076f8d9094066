package report

import (
	"fmt"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// maxRows is how many rows of the ranking are seen when a page opens.
const maxRows = 100

// ranking is a table of the ranking.
type ranking struct {
	Caption, IntervalTitle string
	URIs                   []section
	// Fixed columns are as wide in each of two tables, and cost less.
	Fixed bool
	// Lower is the second of two tables, which has no pictures.
	Lower bool
}

// rank fills the table of the ranking. Where there are many URIs, those that
// rank low are folded: a table of 500 rows takes longer to open than all the
// rest of the page.
func (p *page) rank(r *result.Result) {
	p.Top = &ranking{"URIs by the growth that goes on. Smaller growth than the floor is not ruled out.", intervalTitle(r), p.URIs, false, false}
	if len(p.URIs) <= maxRows+maxRows/4 {
		return
	}
	p.Top.URIs, p.Top.Fixed = p.URIs[:maxRows], true
	p.Rest = &ranking{"URIs that rank lower.", p.Top.IntervalTitle, p.URIs[maxRows:], true, true}
	var rest result.Summary
	for i := range r.URIs[maxRows:] {
		rest.Count(r.URIs[maxRows+i].Verdict)
	}
	var counts []string
	for _, c := range chips(rest) {
		counts = append(counts, c.Count+" "+c.Verdict)
	}
	p.RestSays = fmt.Sprintf("%s more: %s", units.Count(len(p.Rest.URIs)), strings.Join(counts, ", "))
}

// chips are the verdicts that there are, gravest first.
func chips(s result.Summary) []chip {
	var out []chip
	for _, c := range []struct {
		n int
		v verdict.Label
	}{{s.Leak, verdict.Leak}, {s.Inconclusive, verdict.Inconclusive}, {s.Error, verdict.Failed}, {s.Bloat, verdict.Bloat}, {s.Warmup, verdict.Warmup}, {s.Stable, verdict.Stable}} {
		if c.n > 0 {
			out = append(out, chip{units.Count(c.n), string(c.v)})
		}
	}
	return out
}
