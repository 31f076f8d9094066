package judge

import (
	"cmp"
	"fmt"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// Naming is what the pass that names lines found for one URI.
type Naming struct {
	Sites []record.Site
	Note  string       // what the sites explain, or why there are none; "" where none are asked for
	Cost  *record.Cost // of the pass; nil without one
}

// naming is what is to be said of u's lines, where j is the verdict on it.
func (st *State) naming(u *URI, j verdict.Judgement) Naming {
	life := st.Life()
	wanted := (j.Label == verdict.Leak || u.Forced) && !u.Broken && st.Header.Plan.Sites != "off"
	traces := st.Segment().Traces
	for i := len(traces) - 1; i >= 0; i-- { // a second one found what the first did not
		if t := traces[i]; t.URI == u.Index && !t.Control {
			return st.named(i, t, j)
		}
	}
	switch {
	case !wanted || life == nil:
		return Naming{}
	case st.LeaksNative(u):
		return Naming{Note: Sentence("no lines named: " + malloced)}
	case !life.Traces:
		return Naming{Note: Sentence(st.untraceable())}
	}
	return Naming{Note: Sentence(st.Crowded(u))}
}

// named is what the i-th trace of the segment says.
func (st *State) named(i int, t record.Traced, j verdict.Judgement) Naming {
	cost := t.Cost
	if i > 0 { // the control was traced for the first one's sake
		if c := st.Segment().Traces[i-1]; c.Control {
			cost.Seconds += c.Cost.Seconds
			cost.Requests += c.Cost.Requests
			cost.PeakExtra = max(cost.PeakExtra, c.Cost.PeakExtra)
		}
	}
	n := Naming{Cost: &cost}
	n.Note, n.Sites = describe(t, j, st.untold(t.URI))
	n.Note = Sentence(n.Note + "; " + costNote(cost))
	return n
}

// malloced says whose memory no runtime traces, and what does.
const malloced = "the runtime does not know who takes native memory from malloc; a profiler of malloc does (heaptrack, jemalloc's prof)"

// untold says why a pass found no object that the URI keeps: it holds something else, or a
// counter of objects stands still. It is "" where that is not known.
func (st *State) untold(uri int) string {
	for _, u := range st.URIs {
		if u.Index != uri {
			continue
		}
		if _, evidence := st.Judge(u); len(evidence) > 0 && record.HeldUnit(evidence[0]) {
			return fmt.Sprintf("no lines named: what it keeps are %s, and no object of the runtime's stays with them", evidence[0])
		}
		for _, c := range st.counters(u) {
			if c.Exact && c.Unit == "objects" && flat(c.Judgement) {
				return "no lines named: what it keeps is in no object, and " + malloced
			}
		}
	}
	return ""
}

// describe is what a pass says of a URI. untold is why it found nothing, as far as that is known.
func describe(t record.Traced, j verdict.Judgement, untold string) (note string, sites []record.Site) {
	if t.Failed != "" {
		return "no lines named: " + t.Failed, nil
	}
	note = cmp.Or(untold, "nothing that the runtime traced in this pass stayed alive")
	if n := len(t.Sites); n > 0 && t.Explained > 0 {
		note = fmt.Sprintf("%s %s of %s", these(n), share(t.Explained), units.Rate(j.Growth-j.Native))
		if j.Native > 0 {
			note += fmt.Sprintf("; the runtime does not know who takes the other %s, which are no objects of its own", units.Rate(j.Native))
		}
	} else if n > 0 {
		note = "what survived the pass"
	}
	if t.Remark != "" {
		note += " (" + t.Remark + ")"
	}
	switch j.Label {
	case verdict.Leak:
	case verdict.Inconclusive:
		note += "; traced because it was asked for, and no culprit is proven"
	default:
		return fmt.Sprintf("traced because it was asked for; it is %s, so none of its sites is a culprit", j.Label), nil
	}
	if t.Callers != "" {
		note += fmt.Sprintf(" (who calls them is not known: %s)", t.Callers)
	}
	if t.Holders != "" {
		note += "; " + t.Holders
	}
	return note, t.Sites
}

// untraceable says why no line can be named in this process.
func (st *State) untraceable() string {
	if better := st.Better(); better != "" {
		return better + " would name the lines"
	}
	return "nothing in this process can name the lines"
}

func these(lines int) string {
	if lines == 1 {
		return "this line explains"
	}
	return fmt.Sprintf("these %d lines explain", lines)
}

// share is a share of a growth in words. A pass is short, and most runtimes sample: it may
// see somewhat more than the run has measured.
func share(of float64) string {
	if of > 1 {
		return "all"
	}
	return fmt.Sprintf("%.0f %%", 100*of)
}

// costNote is the cost of the pass in words.
func costNote(c record.Cost) string {
	return fmt.Sprintf("the pass took %s, %s s, and up to %s more RSS", units.Quantity(float64(c.Requests), "more requests"),
		units.Number(c.Seconds), units.Bytes(float64(c.PeakExtra)))
}
