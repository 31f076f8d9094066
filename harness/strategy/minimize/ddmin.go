package minimize

import "slices"

// ddmin is delta debugging. The set is cut into parts. The search goes on with a part that
// leaks, or with what is left without one. Where there is neither, the parts become smaller.
func (r *replay) ddmin(set []int) []int {
	for parts := 2; len(set) > 1 && !r.short; {
		next, found := r.reduce(set, parts)
		switch {
		case found && len(next)*parts <= len(set): // a part
			set, parts = next, 2
		case found:
			set, parts = next, max(2, parts-1)
		case parts >= len(set):
			return set
		default:
			parts = min(len(set), 2*parts)
		}
	}
	return set
}

// reduce is the first part, or else the first complement of a part, that leaks.
func (r *replay) reduce(set []int, parts int) (less []int, found bool) {
	for _, complement := range []bool{false, true} {
		if complement && parts == 2 {
			break // the complements of halves are halves
		}
		for i := range parts {
			if r.short {
				return nil, false
			}
			from, to := i*len(set)/parts, (i+1)*len(set)/parts
			try := set[from:to]
			if complement {
				try = slices.Concat(set[:from], set[to:])
			}
			if r.leaks(try) {
				return try, true
			}
		}
	}
	return nil, false
}
