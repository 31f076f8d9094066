package strategy

import (
	"slices"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/strategy/scan"
)

// Leaks are excluded by a scan down to so many bytes per request: by a counter of bytes,
// and by RSS, of which what is free in the process hides more.
const (
	scanCounted  = 4 << 10
	scanResident = 64 << 10
)

// Each URI gets so many requests in groups, at least: fewer where a counter tells, which
// is off by little.
const (
	leastCounted  = 40
	leastResident = 64
)

// scanning goes on with a group whose URIs are being sent.
func scanning(st *judge.State) (record.Action, bool) {
	g, sent := st.Begun()
	if g == nil || !st.Scans() {
		return nil, false
	}
	for sent < len(g.URIs) {
		if u := of(st, g.URIs[sent]); u != nil {
			return record.Send{URI: u.Index, N: g.Dose, Purpose: record.Scan, Round: st.Number() - 1}, true
		}
		sent++
	}
	return read(st)
}

// pumpRequests are so many that the collector runs while they are sent, mostly.
const pumpRequests = 48

// read reads memory between two groups. By RSS alone, where garbage waits for a collector, the URI that moves memory most is sent
// before it: memory falls then to what is alive, now and then, and the lowest that it
// falls to is what counts.
func read(st *judge.State) (record.Action, bool) {
	if st.Counted() || st.Frees() || just(st, record.Lead, nil) {
		return record.Measure{}, true
	}
	var pump *judge.URI
	most := 0.0
	for _, u := range st.URIs {
		if moved := moves(u); !u.Broken && (pump == nil || moved > most) {
			pump, most = u, moved
		}
	}
	if pump == nil {
		return record.Measure{}, true
	}
	return record.Send{URI: pump.Index, N: pumpRequests, Purpose: record.Lead}, true
}

// moves is how much memory comes and goes while u is sent, in bytes, as the warm-up and its turns
// before readings show it. What it keeps would be in every group, and so it counts against it.
func moves(u *judge.URI) float64 {
	var moved, kept int64
	for _, b := range u.Others {
		if b.Purpose == record.Warmup || b.Purpose == record.Lead {
			moved += b.High - b.Low
			kept += b.Rise()
		}
	}
	const against = 4
	return float64(moved - against*max(0, kept))
}

// scanNext begins the next group.
func scanNext(st *judge.State) (record.Action, bool) {
	if !st.Scans() {
		return nil, false
	}
	next := scanned(st).next
	if next == nil {
		return nil, false
	}
	if !st.Ready() {
		return read(st)
	}
	send := record.Send{URI: next.URIs[0], N: next.Dose, Purpose: record.Scan, Round: st.Number(), Group: next.URIs}
	if next.Rest && rests(st) {
		send.Pause = st.ShortWait()
	}
	return send, true
}

// restShare is the share of what the time limit leaves that one pause of a scan takes at most.
const restShare = 0.05

// rests says that there is time for a pause.
func rests(st *judge.State) bool {
	limit := st.Header.Plan.Limits.Time
	return limit <= 0 || st.ShortWait() <= restShare*(limit-st.Now)
}

// progress is how far a scan has come.
type progress struct {
	leaves []scan.Leaf // that it has come down to so far
	next   *scan.Test  // the group that it asks for; nil where it is over
	pauses int         // groups so far that had a pause behind them
}

// pausesLeft is how many seconds of pauses are still to come: one for each URI that the scan came
// down to, and that has not grown with a pause behind it yet.
func (p progress) pausesLeft(st *judge.State) (seconds float64) {
	for _, l := range p.leaves {
		if !l.Grew && l.Flat < scan.Pauses && rests(st) {
			seconds += st.ShortWait()
		}
	}
	if g, _ := st.Begun(); g != nil && p.next != nil && p.next.Rest && rests(st) { // its pause is over
		seconds -= st.ShortWait()
	}
	return seconds
}

// scanned is how far the scan has come.
func scanned(st *judge.State) (p progress) {
	c := scan.Config{Seed: uint64(st.Header.Seed), Least: leastResident, Hides: !st.Counted() && !st.Frees()}
	if st.Counted() {
		c.Least = leastCounted
	}
	for _, s := range st.Segments[0].Series {
		if s.Visitor == nil {
			c.URIs = append(c.URIs, s.Index)
		}
	}
	groups, measures := st.Groups(), st.Measures()
	if len(groups) > 0 {
		measures = groups[0].Measures
	}
	for i, m := range measures {
		c.Noise = append(c.Noise, m.Noise)
		if i == 0 && st.Counted() && measures[0].Name != st.Header.Plan.Metric {
			c.Target = append(c.Target, scanCounted)
			continue
		}
		c.Target = append(c.Target, scanResident)
	}
	p.leaves, _ = scan.Run(c, func(t scan.Test) (scan.Outcome, bool) {
		if len(groups) == 0 {
			p.next = &t
			return scan.Outcome{}, false
		}
		g := groups[0]
		if g.Dose != t.Dose || !slices.Equal(g.URIs, t.URIs) {
			p.next = nil // another version of leakhunt has made this record
			return scan.Outcome{}, false
		}
		groups = groups[1:]
		if t.Rest {
			p.pauses++
		}
		return scan.Outcome{Grew: g.Grew, Slack: g.Slack}, true
	})
	return p
}

// Leaves are the URIs that a scan has come down to so far, with about what each request
// adds, in bytes. They are accused of nothing yet.
func Leaves(st *judge.State) []scan.Leaf {
	if !st.Scans() {
		return nil
	}
	return scanned(st).leaves
}

// takes says which URIs are swept by themselves: all, or where the process is scanned those
// that the scan came down to, and the requests without cookies.
func takes(st *judge.State) func(*judge.URI) bool {
	if !st.Scans() {
		return func(*judge.URI) bool { return true }
	}
	leaves := Leaves(st)
	return func(u *judge.URI) bool {
		return u.Visitor != nil || slices.ContainsFunc(leaves, func(l scan.Leaf) bool { return l.URI == u.Index })
	}
}
