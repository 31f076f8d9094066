package simulate

// doom is what will go wrong with one life of the process.
type doom struct {
	faults []fault
	cause  string // what went wrong, a clause
	gone   bool   // the process was replaced: it did not die of this request
}

// newDoom are the faults that come in a life, the first one counted 0.
func newDoom(all []fault, life int) (d doom) {
	for _, f := range all {
		if !f.once || life == 0 {
			d.faults = append(d.faults, f)
		}
	}
	return d
}

// due says that the process is lost with the present request.
func (d *doom) due(p *process) bool {
	for i := range d.faults {
		f := &d.faults[i]
		if f.trouble != dies && f.trouble != replaced {
			continue
		}
		switch {
		case f.at > 0 && p.requests >= f.at, f.in > 0 && p.r.chance(f.in):
		case f.over > 0 && p.rss() > f.over:
			d.cause = "the process ended: it was killed by signal 9, as the kernel does where memory is short"
			return true
		default:
			continue
		}
		if d.gone = f.trouble == replaced; d.gone {
			d.cause = "the process was replaced by another one"
		} else {
			d.cause = "the process ended"
		}
		return true
	}
	return false
}

// stepped is by how many seconds the clock has stepped by then.
func (d *doom) stepped(requests int64) (seconds float64) {
	for i := range d.faults {
		if f := &d.faults[i]; f.trouble == clock && requests >= f.at {
			seconds += float64(f.by) / 1e6
		}
	}
	return seconds
}
