package hunttest

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/cockroachdb/datadriven"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// result is the run so far, as it is reported, in the order of the text.
func (s *Script) result() *result.Result {
	r := result.Of(s.State, "test")
	slices.SortFunc(r.URIs, func(a, b result.URI) int { return a.Line - b.Line })
	return r
}

// Verdicts is the table of the run so far.
func (s *Script) Verdicts(floors bool) string {
	_, exact := s.driver.(*Process)
	out := Table(s.result(), exact, floors)
	if r := s.result(); s.State.Ended != nil && r.Incomplete != "" {
		out += "incomplete: " + r.Incomplete + "\n"
	}
	return out
}

// Table is who leaks, by which evidence, and how much. Floors are those below which a
// leak may hide, as powers of 2. Where the process is not exact, only that is told which
// its every accident does not change: what leaks, what does not, and what is open.
func Table(r *result.Result, exact, floors bool) string {
	rows := [][]string{}
	for _, u := range r.URIs {
		row := []string{u.Name, string(u.Verdict)}
		about := ""
		switch {
		case !exact:
			row[1] = class(u.Verdict)
		case u.Verdict == verdict.Leak:
			about = units.Rate(u.Growth) + " by " + strings.Join(u.Evidence, ", ")
		case len(u.Evidence) > 0:
			about = "by " + strings.Join(u.Evidence, ", ")
		}
		if floors {
			about += fmt.Sprintf(", above %s", units.Bytes(math.Exp2(math.Ceil(math.Log2(max(1, u.Detectable))))))
		}
		if u.OverBudget {
			about += ", over budget"
		}
		rows = append(rows, append(row, about))
	}
	return table(rows)
}

// class is a verdict as far as it says whether something leaks.
func class(l verdict.Label) string {
	switch l {
	case verdict.Stable, verdict.Warmup, verdict.Bloat:
		return "no leak"
	}
	return string(l)
}

// Plain is a sentence without its figures: each better estimate changes those.
func Plain(sentence string) string { return figures.ReplaceAllString(sentence, "N") }

// table lines columns up.
func table(rows [][]string) string {
	var wide []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(wide) {
				wide = append(wide, 0)
			}
			wide[i] = max(wide[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", wide[i]-len([]rune(cell))+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// counts says how often each verdict was reached.
func (s *Script) counts(counts map[int]map[string]int) string {
	var rows [][]string
	for _, i := range slices.Sorted(maps.Keys(counts)) {
		name := judge.EveryRequestName
		if i != judge.EveryRequest {
			name = s.State.Header.Items[i].Name
		}
		var all []string
		for _, label := range slices.Sorted(maps.Keys(counts[i])) {
			all = append(all, fmt.Sprintf("%d %s", counts[i][label], label))
		}
		rows = append(rows, []string{name, strings.Join(all, ", ")})
	}
	return table(rows)
}

var figures = regexp.MustCompile(`\d+(,\d{3})*(\.\d+)?`)

// why is what is said of each URI. Figures are left out, for each better estimate
// changes them.
func (s *Script) why(d *datadriven.TestData) string {
	return s.sentences(d, func(u result.URI) string { return u.Why })
}

func (s *Script) sentences(d *datadriven.TestData, of func(result.URI) string) string {
	var b strings.Builder
	names := slices.ContainsFunc(d.CmdArgs, func(a datadriven.CmdArg) bool { return strings.HasPrefix(a.Key, "/") })
	for _, u := range s.result().URIs {
		if names && !d.HasArg(u.Name) {
			continue
		}
		text := of(u)
		if !d.HasArg("exact") {
			text = Plain(text)
		}
		fmt.Fprintf(&b, "%s: %s\n", u.Name, text)
	}
	return b.String()
}

func (s *Script) warnings() string {
	var b strings.Builder
	for _, w := range s.result().Warnings {
		fmt.Fprintf(&b, "%s: %s\n", w.Code, Plain(w.Message))
	}
	if b.Len() == 0 {
		return "none\n"
	}
	return b.String()
}

// sites are the lines that were named, and what is said of them.
func (s *Script) sites() string {
	var b strings.Builder
	for _, u := range s.result().URIs {
		if u.SitesNote == "" && len(u.Sites) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s: %s\n", u.Name, Plain(u.SitesNote))
		for _, site := range u.Sites {
			fmt.Fprintf(&b, "  %s:%d\n", site.File, site.Line)
		}
	}
	if b.Len() == 0 {
		return "none\n"
	}
	return b.String()
}

// probes are the counters whose growth is reported, with its sign.
func (s *Script) probes() string {
	var b strings.Builder
	for _, u := range s.result().URIs {
		fmt.Fprintf(&b, "%s:", u.Name)
		for _, p := range u.Probes {
			switch {
			case p.Low > 0:
				fmt.Fprintf(&b, " %s grows", p.Name)
			case p.High < 0:
				fmt.Fprintf(&b, " %s falls", p.Name)
			default:
				fmt.Fprintf(&b, " %s stands still", p.Name)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

// blocks are the sizes of a URI's blocks, by purpose, in all processes.
func (s *Script) blocks(d *datadriven.TestData) string {
	var rows [][]string
	for _, a := range d.CmdArgs {
		i := s.index(a.Key)
		for _, seg := range s.State.Segments {
			for _, series := range seg.Series {
				if series.Index == i {
					rows = append(rows, []string{a.Key, sizes(series)})
				}
			}
		}
	}
	return table(rows)
}

func sizes(s *record.Series) string {
	all := append(slices.Clone(s.Others), s.Blocks...)
	slices.SortFunc(all, func(a, b *record.Block) int { return a.Seq - b.Seq })
	var parts []string
	var last record.Purpose
	for _, b := range all {
		n := fmt.Sprint(b.N())
		if b.Purpose != last {
			n = string(b.Purpose) + " " + n
		}
		if b.Cut {
			n += " (cut short)"
		}
		if b.Purpose == last {
			parts[len(parts)-1] += " " + n
		} else {
			parts = append(parts, n)
		}
		last = b.Purpose
	}
	return strings.Join(parts, ", ")
}
