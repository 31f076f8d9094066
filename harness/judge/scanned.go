package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// What groups say of each URI that was sent in them alone.

// within is the growth, in bytes/request, above which a leak of u is excluded by a
// measure: from those of its groups that exclude most together.
func (st *State) within(u *URI, measure int) (floor float64, requests int) {
	type test struct {
		grew, squares, slack float64
		dose                 int
	}
	var tests []test
	paired := map[*Group]bool{}
	for _, g := range slices.Backward(st.scan.of[u.Index]) {
		if measure >= len(g.Grew) || paired[g] {
			continue
		}
		noise := st.Noise(measure, g.Dose)
		if fell := -sure * noise; g.Grew[measure] < fell && (g.twin == nil || g.twin.Grew[measure] < fell) {
			continue // it tells nothing of what its URIs keep
		}
		t := test{max(0, g.Grew[measure]) + g.later(measure), noise * noise, g.Slack, g.Dose}
		if g.twin != nil { // what others free in one of the two hides there what this URI keeps
			paired[g.twin] = true
			grew := max(0, g.Grew[measure], g.twin.Grew[measure]) + min(g.later(measure), g.twin.later(measure))
			t = test{2 * grew, 2 * t.squares, max(t.slack, g.twin.Slack), 2 * t.dose}
		}
		tests = append(tests, t)
	}
	slices.SortFunc(tests, func(a, b test) int {
		return cmp.Compare(a.grew/float64(max(1, a.dose)), b.grew/float64(max(1, b.dose)))
	})
	floor = math.Inf(1)
	var grew, squares, slack float64
	n := 0
	for _, t := range tests {
		grew, squares, slack, n = grew+t.grew, squares+t.squares, max(slack, t.slack), n+t.dose
		if f := (grew + sure*math.Sqrt(squares) + slack) / float64(max(1, n)); f < floor {
			floor, requests = f, n
		}
	}
	return floor, requests
}

// later is what was added while the next group was sent: this one may have left it to be done.
func (g *Group) later(measure int) float64 {
	if n := g.next; n != nil && measure < len(n.Grew) {
		return max(0, n.Grew[measure])
	}
	return 0
}

// scanned judges a URI that was sent in groups alone.
func (st *State) scanned(u *URI) (verdict.Judgement, []string) {
	of := st.scan.of[u.Index]
	measures := st.Measures()
	j := verdict.Judgement{Label: verdict.Stable, Requests: u.Scanned()}
	if !sameMeasures(of[0].Measures, measures) {
		j.Label, j.Reason = verdict.Inconclusive, "its groups were read by a counter that is no evidence: a sweep of it by itself tells more"
		return j, []string{}
	}
	decides, n := "", 0
	for k, m := range measures {
		floor, requests := st.within(u, k)
		if k == 0 && len(measures) > 1 {
			j.Counted = floor
		}
		if floor > j.Detectable {
			j.Detectable, decides, n = floor, m.Name, requests
		}
	}
	if math.IsInf(j.Detectable, 1) || decides == "" {
		return st.warming(u) // nothing that is read now was read then
	}
	j.High = j.Detectable
	last := of[len(of)-1]
	if len(last.URIs) == 1 && last.Grew[0] > sure*st.Noise(0, last.Dose) {
		j.Label, j.Growth = verdict.Inconclusive, max(0, last.Grew[0]/float64(max(1, last.Dose)))
		j.Reason = fmt.Sprintf("the scan came down to it: it grew by about %s per request in %s, and the run ended before its verdict",
			units.Bytes(j.Growth), units.Quantity(float64(last.Dose), "requests"))
		return j, []string{measures[0].Name}
	}
	j.Reason = fmt.Sprintf("no growth above %s per request: the groups that it was sent in, %s to it, grew by no more",
		units.Bytes(j.Detectable), units.Quantity(float64(n), "requests"))
	if j.Detectable > mostGroup {
		// More requests in groups would not be sent to it alone, and a sweep needs others.
		j.Label = verdict.Inconclusive
		j.Reason = fmt.Sprintf("the groups that it was sent in, or what may be free inside the process, could hide a leak of up to %s per request: a sweep of it by itself tells more",
			units.Bytes(j.Detectable))
	}
	return j, []string{decides}
}

// Cleared is what groups have cleared: how many URIs were sent in groups alone and are
// judged stable, and the growth above which a leak of any of them is excluded.
type Cleared struct {
	URIs  int
	Floor float64 // bytes/request
	Open  int     // those of which the groups could not tell enough
}

// Cleared is what groups have cleared so far.
func (st *State) Cleared() (c Cleared) {
	for _, f := range st.findings() {
		if s := f.Segments[0]; s.Requests() > 0 || len(st.scan.of[f.URI]) == 0 || f.Label == verdict.Failed {
			continue
		}
		if f.Label == verdict.Stable {
			c.URIs, c.Floor = c.URIs+1, max(c.Floor, f.Floor)
		} else {
			c.Open++
		}
	}
	return c
}
