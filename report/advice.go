package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// label is what a reader calls the URI: its name, or what is sent.
func label(u *result.URI) string {
	if u.Name != "" {
		return u.Name
	}
	return u.Method + " " + u.URI
}

// convicted says that a reader should look at the URI's code: it leaks, or it
// breaks its budget.
func convicted(u *result.URI) bool { return u.Verdict == verdict.Leak || u.OverBudget }

// interval is the growth's confidence interval.
func interval(u *result.URI) string { return between(u.GrowthLow, u.GrowthHigh) }

// between is two amounts of bytes, their unit once where both share it:
// "3.9 … 4.3 KiB".
func between(from, to float64) string {
	low, high := units.Bytes(from), units.Bytes(to)
	number, unit, _ := strings.Cut(low, " ")
	if strings.HasSuffix(high, " "+unit) {
		low = number
	}
	return low + " … " + high
}

// Measured says that the URI has a growth at all: too few readings give none,
// and failed requests none that means anything.
func Measured(u *result.URI) bool {
	unknown := u.Verdict == verdict.Inconclusive && u.Detectable == 0 && u.GrowthLow == u.GrowthHigh
	return u.Requests > 0 && u.Verdict != verdict.Failed && !unknown
}

// NothingMeasured says that r holds no judged request, and none that failed: the
// run ended in its warm-up.
func NothingMeasured(r *result.Result) bool {
	return !slices.ContainsFunc(r.URIs, func(u result.URI) bool { return u.Requests > 0 || u.Verdict == verdict.Failed })
}

// advice is what to do next, in a sentence or two. Text from outside is in it
// as it came: the caller escapes it.
func advice(r *result.Result, o Options) string {
	lead, detail := headline(r, o)
	return strings.TrimSpace(lead + " " + detail)
}

// headline is advice as a sentence to read first, and what belongs to it. Where
// the gate lets pass what the baseline has too, so does the headline.
func headline(r *result.Result, o Options) (lead, detail string) {
	lead, detail = toDo(r, o)
	if s := r.Scan; s != nil && s.URIs > 0 {
		detail = strings.TrimSpace(detail + " " + scanned(s))
	}
	return lead, detail
}

// scanned is the bound that a scan ends with.
func scanned(s *result.Scan) string {
	return fmt.Sprintf("%s sent in groups alone: no other leak above %s.",
		plural(s.URIs, "1 URI was", units.Count(s.URIs)+" URIs were"), units.Rate(s.Detectable))
}

// toDo is what comes first, of what was found.
func toDo(r *result.Result, o Options) (lead, detail string) {
	in := func(pick func(*result.URI) bool) []*result.URI {
		var out []*result.URI
		for i := range r.URIs {
			if pick(&r.URIs[i]) {
				out = append(out, &r.URIs[i])
			}
		}
		return out
	}
	with := func(l verdict.Label) []*result.URI {
		return in(func(u *result.URI) bool { return u.Verdict == l && !u.Ignored })
	}
	var known []*result.URI
	leaks := slices.DeleteFunc(with(verdict.Leak), func(u *result.URI) bool {
		ch := o.Comparison.of(u)
		pass := o.FailOn == FailOnRegression && !ch.worse() && ch.Base != nil && ch.Base.Verdict == verdict.Leak
		if pass {
			known = append(known, u)
		}
		return pass
	})
	broken := in(func(u *result.URI) bool { return u.OverBudget && u.Verdict != verdict.Leak && !u.Ignored })
	failed, open := with(verdict.Failed), with(verdict.Inconclusive)
	switch {
	case NothingMeasured(r):
		return "Nothing was measured.", ""
	case len(leaks) > 0:
		return leakAdvice(leaks)
	case len(broken) > 0:
		u := broken[0]
		return fmt.Sprintf("Look at %s first: it breaks its budget, at least %s where %s is allowed.",
			label(u), units.Rate(u.GrowthLow), units.Bytes(float64(u.Budget))), ""
	case len(failed) > 0:
		return fmt.Sprintf("Make %s answer first: %s could not be judged%s.", label(failed[0]),
			plural(len(failed), "it", fmt.Sprintf("it and %s more", units.Count(len(failed)-1))), reason(failed[0].FirstError)), ""
	case len(known) > 0:
		return fmt.Sprintf("Nothing new to fix: the baseline has %s too.", plural(len(known), "this leak", fmt.Sprintf("these %s leaks", units.Count(len(known))))),
			fmt.Sprintf("%s keeps %s with every request.", label(known[0]), units.Bytes(known[0].Growth))
	case len(open) > 0 && straight(open[0], r) != nil:
		return probable(open, r)
	case len(open) > 0:
		return fmt.Sprintf("No leak is proven, and %s of %s %s inconclusive.", units.Count(len(open)),
			count(len(r.URIs), "URI", "URIs"), plural(len(open), "is", "are")), settling(open, r.Complete, len(r.URIs) > 1)
	}
	return cleared(r), ""
}

func leakAdvice(leaks []*result.URI) (lead, detail string) {
	u := leaks[0]
	lead = fmt.Sprintf("Fix %s first: it keeps %s with every request", label(u), figuresOf(u).growth())
	if s := headSite(u); s != nil {
		lead += ", made at " + culprit(*s)
	}
	detail = "Its interval is " + figuresOf(u).interval()
	if len(u.Evidence) > 0 {
		detail += ", its evidence: " + strings.Join(u.Evidence, ", ")
	}
	detail += "."
	if n := len(leaks) - 1; n > 0 {
		detail += fmt.Sprintf(" %s more %s after it.", units.Count(n), plural(n, "leak comes", "leaks come"))
	}
	return lead + ".", detail
}

// cleared names what was excluded: nothing is known below the floor.
func cleared(r *result.Result) string {
	var floor, live float64
	var ignored int
	of := "RSS" // whose floor is the largest
	for i := range r.URIs {
		u := &r.URIs[i]
		f := figuresOf(u)
		rest := f.Floor
		if ofCounter(u) {
			live, rest = max(live, f.Floor), f.Beyond
		}
		if rest > floor {
			floor, of = rest, cmp.Or(f.BeyondOf, "RSS")
		}
		if convicted(u) && u.Ignored {
			ignored++
		}
	}
	s := fmt.Sprintf("Nothing to fix: no leak above %s in %s.", units.Rate(max(live, floor)), count(len(r.URIs), "URI", "URIs"))
	if live > 0 && live < floor {
		s = fmt.Sprintf("Nothing to fix: no leak above %s of what the runtime counts, nor above %s of %s, in %s.",
			units.Rate(live), units.Rate(floor), of, count(len(r.URIs), "URI", "URIs"))
	}
	if ignored > 0 {
		s = fmt.Sprintf("Nothing new to fix: %s ignored.", count(ignored, "leak is", "leaks are"))
	}
	if !r.Complete {
		s = "The run ended early, and found no leak so far."
	}
	return s
}

// settling says what would settle what is open, the cheapest first: evidence that
// tells more than RSS; the rest of a run that ended early, else so many more
// requests.
func settling(open []*result.URI, complete, several bool) string {
	most := slices.MaxFunc(open, func(a, b *result.URI) int { return a.More - b.More })
	var ways []string
	if open[0].Better != "" {
		ways = append(ways, open[0].Better)
	}
	switch {
	case !complete:
		ways = append(ways, "let the run go to its end")
	case most.More > 0:
		each := fmt.Sprintf("to each (-n %d)", most.Requests+most.More)
		if several && len(most.Probes) == 0 { // by RSS, neighbours make room for more garbage
			each = fmt.Sprintf("to each by itself (--only NAME -n %d)", most.Requests+most.More)
		}
		ways = append(ways, fmt.Sprintf("up to %s %s", units.Quantity(float64(most.More), "more requests"), each))
	}
	if ways == nil {
		return "See what each of them says."
	}
	return "To settle it: " + strings.Join(ways, ", or ") + "."
}

func reason(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func count(n int, one, many string) string { return units.Count(n) + " " + plural(n, one, many) }

// leastShare is the share of a URI's growth that a line must explain to stand in a
// headline: another that explains as much again is a better place to look.
const leastShare = 0.3

// headSite is the site whose line the headline names: the first that is, or was
// called from, the user's own code, of those that explain enough, else the first
// of these. nil where none does.
func headSite(u *result.URI) *record.Site {
	share, least := map[string]float64{}, leastShare*traceable(u) // by line: several types may be made at one
	for _, s := range u.Sites {
		share[culprit(s)] += s.BytesPerRequest
	}
	var first *record.Site
	for i := range u.Sites {
		s := &u.Sites[i]
		switch {
		case s.File == "" && s.Caller == "" || share[culprit(*s)] < least:
		case s.Caller != "" || s.Owner == runtimes.OwnerApp:
			return s
		case first == nil:
			first = s
		}
	}
	return first
}

// traceable is the growth of u whose lines may be known, in bytes/request. What convicts u beside
// native memory is mostly what holds that: a thread its stack, a class what is compiled of it.
func traceable(u *result.URI) float64 {
	if slices.Contains(u.Evidence, nativeMemory) {
		for _, p := range u.Probes {
			if p.Name == liveBytes && p.Low > 0 {
				return min(u.Growth, p.Growth)
			}
		}
	}
	return u.Growth
}

// culprit is where to look first: the user's own line where a library made
// the objects.
func culprit(s record.Site) string {
	if s.Caller != "" {
		return s.Caller
	}
	return place(s.File, s.Line)
}

// place is a position in a source file, as editors and compilers write it.
func place(file string, line int) string {
	if file == "" {
		return "no source line" // the runtime's own
	}
	if runtimes.Evaluated(file) {
		return fmt.Sprintf("evaluated code %s:%d", file, line)
	}
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}
