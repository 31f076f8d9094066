package result

import (
	"cmp"
	"fmt"
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/lanes"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// Lane is what one of several lanes did.
type Lane struct {
	Lane     int    `json:"lane"`
	PID      int    `json:"pid"` // of its first process; 0 where none was pinned
	URL      string `json:"url,omitempty"`
	URIs     int    `json:"uris"` // its share
	Requests int    `json:"requests_total"`
	Restarts int    `json:"restarts"`
	Lost     string `json:"lost,omitempty"` // why it ended before the others
}

// OfRun is the run so far, judged: a function of its record alone.
func OfRun(r *lanes.Run, version string) *Result {
	if st := r.Only(); st != nil {
		return Of(st, version)
	}
	out := Of(judge.New(r.Header), version)
	blank := map[string]URI{}
	for _, u := range out.URIs {
		blank[u.Name] = u
	}
	j := &joined{run: r, of: map[*lanes.Hunt]*Result{}}
	for _, h := range r.Hunts() {
		j.of[h] = Of(h.State, version)
	}
	out.URIs, out.Warnings, out.Summary = []URI{}, []Warning{}, Summary{}
	for i, it := range r.Header.Items {
		u, ok := j.row(i)
		if !ok {
			u = blank[it.Name]
		}
		out.URIs = append(out.URIs, u)
	}
	out.URIs = append(out.URIs, j.scoped()...)
	out.DurationS, out.RequestsTotal = r.Now(), r.Total()
	j.lanes(out)
	for _, u := range out.URIs {
		out.Summary.Count(u.Verdict)
	}
	Rank(out.URIs)
	switch e := r.Ended; {
	case e == nil:
		out.Incomplete, out.EndedBy = "the record ends before the run did", EndedByFault
	case e.Complete:
		out.Complete, out.Incomplete, out.EndedBy = true, "", ""
	default:
		out.Incomplete, out.EndedBy = e.Reason, e.By
	}
	return out
}

// joined makes one result of those of all hunts.
type joined struct {
	run *lanes.Run
	of  map[*lanes.Hunt]*Result
}

// row is what stands of a URI, by its index in the run's header; ok is false where no
// lane was to send it.
func (j *joined) row(uri int) (URI, bool) {
	h := j.run.Deciding(uri)
	if h == nil {
		return URI{}, false
	}
	u := j.find(h, uri)
	u.Lane = h.Lane
	if lanes.ByRSS(u.Verdict, u.Evidence) {
		u = j.shown(u, h, uri)
	}
	for _, o := range j.run.Others(h, uri) {
		also := j.find(o, uri)
		u.Requests += also.Requests
		u.Errors += also.Errors
		u.Warmup.Requests += also.Warmup.Requests
		u.Warmup.Rise += also.Warmup.Rise
		u.RSSPeak = max(u.RSSPeak, also.RSSPeak)
	}
	return u, true
}

func (j *joined) find(h *lanes.Hunt, uri int) URI {
	name := j.run.Header.Items[uri].Name
	rows := j.of[h].URIs
	return rows[slices.IndexFunc(rows, func(u URI) bool { return u.Name == name && u.Scope == "" })]
}

// shown is the row of a URI that one process convicts by RSS, with what a second one has
// shown of it.
func (j *joined) shown(u URI, h *lanes.Hunt, uri int) URI {
	o, _, ok := j.run.Second(h, uri)
	if !ok {
		return Unshown(u, fmt.Sprintf(", lane %d", h.Lane))
	}
	second := j.find(o, uri)
	if second.Verdict == verdict.Leak {
		u.Why += fmt.Sprintf(" It grew in a second process, too, that of lane %d.", o.Lane)
		return u
	}
	grew := fmt.Sprintf("It grew by %s per request in one process (lane %d)", units.Bytes(u.Growth), h.Lane)
	which := fmt.Sprintf("a second one (lane %d), which was sent it %s", o.Lane, units.Quantity(float64(second.Requests), "times"))
	switch second.Verdict {
	case verdict.Inconclusive, verdict.Failed:
		u.Why = fmt.Sprintf("%s, and %s could not tell: %s", grew, which, lower(second.Why))
	default:
		u.Why = fmt.Sprintf("%s, and not in %s. By RSS alone, only what grows in both is a leak.", grew, which)
	}
	return acquitted(u)
}

// Unshown is the row of a URI that one process convicts by RSS, where none other was sent
// it to the end.
func Unshown(u URI, where string) URI {
	if !lanes.ByRSS(u.Verdict, u.Evidence) {
		return u
	}
	u.Why = fmt.Sprintf("It grew by %s per request in one process%s. By RSS alone, a second lane is to show the same, and none could.", units.Bytes(u.Growth), where)
	return acquitted(u)
}

func acquitted(u URI) URI {
	u.Verdict, u.OverBudget, u.More = verdict.Inconclusive, false, 0
	return u
}

// lower is a sentence that goes on another one.
func lower(s string) string {
	if s != "" && s[0] >= 'A' && s[0] <= 'Z' && (len(s) < 2 || s[1] >= 'a' && s[1] <= 'z') {
		return string(s[0]+'a'-'A') + s[1:]
	}
	return s
}

// scoped are the rows of no URI of the scenario: what the surest lane says of each. One that
// RSS alone convicts is to be seen in two lanes.
func (j *joined) scoped() []URI {
	var rows []URI
	seen := map[string]int{}
	for _, h := range j.run.Hunts() {
		for _, u := range j.of[h].URIs {
			if u.Scope == "" {
				continue
			}
			u.Lane = h.Lane
			rows = append(rows, u)
			if u.Verdict == verdict.Leak {
				seen[u.Scope]++
			}
		}
	}
	rows = Surest(rows)
	for i, u := range rows {
		if seen[u.Scope] < 2 {
			rows[i] = Unshown(u, fmt.Sprintf(", lane %d", u.Lane))
		}
	}
	return rows
}

// Surest are the rows of no URI of the scenario, one of each scope: several processes have
// seen it, and the surest speaks for all.
func Surest(rows []URI) (out []URI) {
	for _, u := range rows {
		i := slices.IndexFunc(out, func(o URI) bool { return o.Scope == u.Scope })
		switch {
		case i < 0:
			out = append(out, u)
		case u.Rank < out[i].Rank:
			out[i] = u
		}
	}
	return out
}

// lanes fills in what is known of the lanes themselves.
func (j *joined) lanes(out *Result) {
	pinned := false
	for _, l := range j.run.Lanes {
		lane := Lane{Lane: l.Number}
		for k, h := range l.Hunts {
			r := j.of[h]
			if !pinned && r.Target.PID != 0 {
				out.Target, out.Environment.Allocator, pinned = r.Target, r.Environment.Allocator, true
				out.Target.Restarts, out.Target.RestartedAt = 0, nil
			}
			if k == 0 {
				lane.URIs = len(h.URIs)
			}
			if lane.PID == 0 {
				lane.PID, lane.URL = r.Target.PID, r.Target.URL
			}
			lane.Requests += r.RequestsTotal
			lane.Restarts += r.Target.Restarts
			out.Target.Restarts += r.Target.Restarts
			out.Target.RestartedAt = append(out.Target.RestartedAt, r.Target.RestartedAt...)
			for _, w := range r.Warnings {
				if !slices.Contains(out.Warnings, w) {
					out.Warnings = append(out.Warnings, w)
				}
			}
			out.Scan = r.Scan.plus(out.Scan)
		}
		if h := l.Lost(); h != nil {
			lane.Lost = h.Ended.Reason
			if r := j.run.Ended; r != nil && r.Reason != lane.Lost && r.By != EndedByUser {
				out.Warnings = append(out.Warnings, Warning{"lane-lost", fmt.Sprintf("lane %d ended early: %s", l.Number, cmp.Or(lane.Lost, h.Ended.By))})
			}
		}
		out.Lanes = append(out.Lanes, lane)
	}
	slices.Sort(out.Target.RestartedAt)
}

// plus is what both scans say together; nil where there was none.
func (s *Scan) plus(o *Scan) *Scan {
	if s == nil || o == nil {
		return cmp.Or(s, o)
	}
	return &Scan{URIs: s.URIs + o.URIs, Detectable: max(s.Detectable, o.Detectable), Open: s.Open + o.Open}
}
