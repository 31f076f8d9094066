package judge

import (
	"fmt"
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// falling says that the i-th counter fell through two of the URI's blocks in a row. It
// fell by at least half a unit per request, or 512 B where it counts bytes. What then
// stands still, perhaps at 0, acquits nobody.
func (u *URI) falling(i int, unit string) bool {
	least := 0.5
	if unit == "bytes" {
		least = 512
	}
	n := 0
	for _, b := range u.Blocks {
		if b.Cut {
			continue
		}
		n++
		if b.Start.Counter(i)-b.End.Counter(i) < least*float64(b.N()) {
			n = 0
		}
		if n == 2 {
			return true
		}
	}
	return false
}

// stands says that the i-th counter, one that the user has named, never moved, or has
// stopped.
func (st *State) stands(i int) bool {
	return st.stuck(i) || st.misfit(i) == "" && st.fits().frozen
}

// stuck says that the i-th counter never moved, whatever was sent: a page that is
// cached, or a number that has nothing to do with memory, acquits nobody.
func (st *State) stuck(i int) bool {
	if !st.On("misfit") {
		return false
	}
	seen, value := false, 0.0
	for _, r := range st.Segment().Reads {
		if r.Edge.Counters == nil {
			continue
		}
		if seen && r.Edge.Counter(i) != value {
			return false
		}
		seen, value = true, r.Edge.Counter(i)
	}
	for _, u := range st.URIs {
		for _, b := range u.Blocks {
			if !seen {
				seen, value = true, b.Start.Counter(i)
			}
			if b.Start.Counter(i) != value || !b.Cut && b.End.Counter(i) != value {
				return false
			}
		}
	}
	return seen
}

// misfits says of each column why it is no evidence, "" where it is: it does not count
// what stays alive.
type misfits struct {
	version int // of the state
	why     []string
	bytes   int // see bytesColumn
	still   standstill
	frozen  bool
	all     bool // of those that count the heap, each falls or is frozen
}

// fits are the misfits, found anew where the record has grown.
func (st *State) fits() *misfits {
	if m := &st.misfits; m.version != st.version {
		columns := st.columns()
		*m = misfits{version: st.version, why: make([]string, len(columns)), bytes: slices.IndexFunc(columns, exactBytes)}
		if len(columns) > 0 {
			st.fit(m)
		}
	}
	return &st.misfits
}

// misfit is why the i-th exact counter is no evidence; "" where it is.
func (st *State) misfit(i int) string { return st.fits().why[i] }

// fit finds the exact counters that are no evidence.
func (st *State) fit(m *misfits) {
	if st.On("misfit") {
		m.still = st.blocksFolded().still
	}
	m.frozen = m.still.frozen(quietRSS) && m.still.frozen(st.scatterRSS()) // the latter takes longer to tell
	heaps, bad := 0, 0
	for i, c := range st.columns() {
		if !c.Exact || !heap(c) { // of goroutines and threads there are as many all the time
			continue
		}
		heaps++
		switch why := &m.why[i]; {
		case m.frozen:
			*why = "the counter stands still to the bit while RSS rises: it hangs"
			bad++
		case st.stuck(i):
			*why = "the counter never moved: it counts nothing here"
		case st.sinks(i):
			*why = "the counter falls whatever is sent: it does not count what stays alive"
			bad++
		}
	}
	if m.all = heaps > 0 && (bad == heaps || st.unfit); m.all {
		m.bytes = -1
	}
	beside := "it is read beside counters that are no evidence"
	if st.unfit {
		beside = "it was no evidence on the process before this one"
	}
	for i, c := range st.columns() {
		if c.Exact && !c.Held && m.all && m.why[i] == "" {
			m.why[i] = beside
		}
	}
}

// uncountable says that there are exact counters of the heap, and that none is evidence.
func (st *State) uncountable() bool { return st.fits().all }

// heap says that a column counts what is alive on a heap, which no request leaves as
// it was.
func heap(c record.Column) bool { return c.Unit == "bytes" || c.Unit == "objects" }

// sinks says that the i-th counter fell in three of four blocks of the present
// process, of all URIs together. What is alive cannot go on falling.
func (st *State) sinks(i int) bool {
	f := st.blocksFolded()
	return f.counted >= 8 && 4*f.columns[i].fell >= 3*f.counted && st.On("misfit")
}

// wasReset says that the i-th counter lost in one block more than half of what
// it had, and more than ten units for each request: it began anew, or another
// process answered. Of a runtime's own counter that would be a cache that was
// emptied.
func wasReset(b *record.Block, i int) bool {
	before, after := b.Start.Counter(i), b.End.Counter(i)
	return !b.Cut && after < before/2 && before-after > 10*float64(b.N())
}

// Misfits warns of counters that do not count what stays alive.
func (st *State) Misfits() (out []record.Noted) {
	warn := func(code, format string, args ...any) {
		out = append(out, record.Noted{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	for i, c := range st.columns() {
		if c.Exact && !c.Held && st.uncountable() {
			warn("counter-misfit", "%s is no evidence: %s", c.Name, st.misfit(i))
		}
		if !c.Exact && st.stands(i) {
			warn("counter-stuck", "%s never moved, whatever was sent: it is no evidence; is it cached, or a count of something else?", c.Name)
		}
		for _, u := range st.URIs {
			for _, b := range u.Blocks {
				if !c.Exact && wasReset(b, i) {
					warn("counter-reset", "%s fell from %s to %s while %s was sent: it was reset, or another process answered, and that block is left out",
						c.Name, amount(b.Start.Counter(i), c.Unit), amount(b.End.Counter(i), c.Unit), u.Name)
				}
			}
			if j := st.counter(u, i).Judgement; j.Label == verdict.Inconclusive && !c.Exact && (j.High < 0 || u.falling(i, c.Unit)) {
				warn("counter-fell", "%s fell with every request to %s: a counter that falls does not count what stays alive, and is no evidence there",
					c.Name, u.Name)
			}
		}
	}
	return out
}

func amount(v float64, unit string) string {
	if unit == "bytes" {
		return units.Bytes(v)
	}
	return units.Quantity(v, unit)
}
