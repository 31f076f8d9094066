package harness

import "leakhunt/harness/verdict"

// falling says that the i-th counter fell through two of the URI's blocks in a
// row, by half a unit per request at least, or half a kibibyte. What then stands
// still, perhaps at 0, acquits nobody.
func (t *track) falling(i int, unit string) bool {
	least := 0.5
	if unit == "bytes" {
		least = 512
	}
	n := 0
	for _, b := range t.blocks {
		if b.cut {
			continue
		}
		n++
		if at(b.start.counters, i)-at(b.end.counters, i) < least*float64(b.n) {
			n = 0
		}
		if n == 2 {
			return true
		}
	}
	return false
}

// stuck says that the i-th counter never moved, whatever was sent: a page that is
// cached, or a number that has nothing to do with memory, acquits nobody.
func (h *hunt) stuck(i int) bool {
	seen, value := false, 0.0
	for _, t := range h.tracks {
		for _, b := range t.blocks {
			if !seen {
				seen, value = true, at(b.start.counters, i)
			}
			if at(b.start.counters, i) != value || !b.cut && at(b.end.counters, i) != value {
				return false
			}
		}
	}
	return seen
}

// wasReset says that the i-th counter lost in one block more than half of what
// it had, and more than ten units for each request: it began anew, or another
// process answered. Of a runtime's own counter that would be a cache that was
// emptied.
func wasReset(b block, i int) bool {
	before, after := at(b.start.counters, i), at(b.end.counters, i)
	return !b.cut && after < before/2 && before-after > 10*float64(b.n)
}

// misfits warns of counters that do not count what stays alive.
func (h *hunt) misfits() {
	if h.counter == nil {
		return
	}
	for i, c := range h.counter.Columns() {
		if !c.Exact && h.stuck(i) {
			h.warnings.add("counter-stuck", "%s never moved, whatever was sent: it is no evidence; is it cached, or a count of something else?", c.Name)
		}
		for _, t := range h.tracks {
			for _, b := range t.blocks {
				if !c.Exact && wasReset(b, i) {
					h.warnings.add("counter-reset", "%s fell from %s to %s while %s was sent: it was reset, or another process answered, and that block is left out",
						c.Name, amount(at(b.start.counters, i), c.Unit), amount(at(b.end.counters, i), c.Unit), t.Name)
				}
			}
			if j := h.columns(t)[i].Judgement; j.Label == verdict.Inconclusive && !c.Exact && (j.High < 0 || t.falling(i, c.Unit)) {
				h.warnings.add("counter-fell", "%s fell with every request to %s: a counter that falls does not count what stays alive, and is no evidence there",
					c.Name, t.Name)
			}
		}
	}
}
