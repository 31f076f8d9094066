package record

import "slices"

// held are the columns that a log makes of Counts. A socket is a descriptor, too: it is
// counted once, as what it is.
var held = [...]struct {
	name  string // and unit, in the plural
	count func(Counts) int
}{
	{"descriptors", func(c Counts) int { return c.Descriptors - c.Sockets }},
	{"sockets", func(c Counts) int { return c.Sockets }},
	{"threads", func(c Counts) int { return c.Threads }},
	{"processes", func(c Counts) int { return c.Children }},
	{"mappings", func(c Counts) int { return c.Mappings }},
}

// Of is how many of that unit take up the limit that holds for them: sockets are descriptors,
// too.
func (c Counts) Of(unit string) float64 {
	if unit == "descriptors" || unit == "sockets" {
		return float64(c.Descriptors)
	}
	for _, h := range held {
		if h.name == unit {
			return float64(h.count(c))
		}
	}
	return 0
}

// HeldUnit says that a unit is one of what processes hold beside memory.
func HeldUnit(unit string) bool {
	for _, h := range held {
		if h.name == unit {
			return true
		}
	}
	return false
}

// hold makes columns of what the process holds beside memory: counters behind those
// of the runtime. A process where none of it may be read has no such columns.
func (l *Log) hold(e Edge) Edge {
	life := l.Life()
	if e.Counts == (Counts{}) || life == nil {
		return e
	}
	life.Holds = e.Counts
	n := len(life.Columns) - life.held
	if life.held == 0 {
		life.held = len(held)
		life.Columns = slices.Clip(life.Columns)
		for _, h := range held {
			life.Columns = append(life.Columns, Column{Name: h.name, Unit: h.name, Exact: true, Held: true})
		}
	}
	if len(e.Counters) != n { // the runtime's were not read
		return e
	}
	e.Counters = slices.Clip(e.Counters)
	for _, h := range held {
		e.Counters = append(e.Counters, float64(h.count(e.Counts)))
	}
	life.Settled = e
	return e
}
