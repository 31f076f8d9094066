package memory

import (
	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// mostAttempts bounds how often agreed compares. Where memory goes up and down at
// random, attempt k fails in 2 of k+2 cases: gopsutil's reading is less or more than
// all k+1 readings of the descriptor. All fifty fail in fewer than 1 of 10⁴⁰. An alarm
// costs 1 ms.
const mostAttempts = 50

// agreed is RSS in bytes through gopsutil, the reading of record, held against
// the kept descriptor, which is what is read after each request.
//
// Both show one counter of the kernel, with the same imprecision
// (Facts.RSSError): of a process at rest they are equal to the byte. Memory that
// comes and goes between two readings makes them differ. So gopsutil's must lie
// within what the descriptor has shown before and after it, in one of several
// attempts. Where it never does, the descriptor shows something else, the
// readings since the last call are not to be trusted, and that is an error.
func (m *Meter) agreed() (int64, error) {
	least, err := m.RSS()
	if err != nil {
		return 0, err
	}
	most, record := least, int64(0)
	for range mostAttempts {
		if record, err = m.recorded(); err != nil {
			return 0, err
		}
		kept, err := m.RSS()
		if err != nil {
			return 0, err
		}
		least, most = min(least, kept), max(most, kept)
		if least <= record && record <= most {
			return record, nil
		}
	}
	other := fault.Measuref("the kept descriptor of /proc/%d/statm shows %d to %d bytes, where gopsutil reads %d", m.id.PID, least, most, record)
	return 0, m.lost(other.WithHint("The readings after each request cannot be trusted. Please report this, with the output of uname -a."))
}

// recorded is RSS in bytes, from /proc/PID/statm through gopsutil: some 9 µs.
func (m *Meter) recorded() (int64, error) {
	info, err := m.ps.MemoryInfoWithContext(m.ctx)
	if err != nil {
		return 0, m.lost(err)
	}
	if info.RSS == 0 {
		return 0, m.lost(proc.ErrGone) // as in RSS
	}
	return int64(info.RSS), nil
}
