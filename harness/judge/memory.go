package judge

import "leakhunt/harness/record"

// memory is a kind of memory. How much of it there is at a reading depends on what is evidence
// in the process, and on what that keeps by itself.
type memory struct {
	kind   memoryKind
	column int     // the exact counter of bytes; -1 without one
	known  bool    // native memory is known
	whole  bool    // it is all that the runtime does not have for itself
	idle   float64 // what the process keeps by itself, in bytes/second
}

type memoryKind int

const (
	// resident is the metric, less what the process keeps by itself.
	resident memoryKind = iota
	// native is what the process has beyond what the runtime counts, as far as that is known.
	native
	// explained is what is in a counter, and native memory where it is known, with what is free
	// there: pages between what is alive cannot be given back. Where native memory is all that the
	// runtime does not have for itself, it is what is mapped from no file.
	explained
	// unexplained is what is in no counter: where native memory is counted, or known, what is
	// mapped.
	unexplained
)

func (st *State) memory(kind memoryKind) memory {
	m := memory{kind: kind, column: st.bytesColumn(), known: st.NativeKnown()}
	m.whole = m.known && st.Life().Whole
	if m.column >= 0 && m.column < len(st.idle) {
		m.idle = st.idle[m.column]
	}
	return m
}

// in is how much of it a reading has, in bytes.
func (m memory) in(e *record.Edge) float64 {
	switch m.kind {
	case native:
		return m.native(e)
	case explained:
		return m.explained(e)
	case unexplained:
		return m.resident(e) - m.explained(e)
	default:
		return m.resident(e)
	}
}

func (m memory) resident(e *record.Edge) float64 { return float64(e.Metric) - m.idle*e.T }

func (m memory) native(e *record.Edge) float64 {
	switch {
	case m.known:
		return float64(e.Native)
	case m.column >= 0:
		return float64(e.Metric) - e.Counter(m.column)
	}
	return float64(e.Metric)
}

func (m memory) explained(e *record.Edge) float64 {
	if m.whole {
		return float64(e.Anon)
	}
	v := e.Counter(m.column) - m.idle*e.T
	if m.known {
		v += m.native(e) + float64(e.Free)
	}
	return v
}

// added is how much of it a block has added, in bytes.
func (m memory) added(b *record.Block) float64 { return m.in(&b.End) - m.in(&b.Start) }
