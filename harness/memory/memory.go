// Package memory reads how much memory one process holds: RSS from a kept
// descriptor after each request, and through gopsutil where it is recorded.
// Anonymous memory and swap beside it; exact figures from smaps_rollup where a
// verdict hangs on them.
//
// Whatever is read is of the process that was opened. An ended process is an error,
// proc.ErrGone. So is a zombie, proc.ErrZombie: its RSS is 0, without an error, in
// every source. Another process under the same pid is proc.ErrReplaced.
package memory

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/process"

	"leakhunt/harness/proc"
)

// Reading is the memory of one process at one moment, in bytes.
type Reading struct {
	RSS  int64 // resident set size
	Anon int64 // anonymous resident memory (RssAnon)
	Swap int64 // swapped-out anonymous memory (VmSwap)
}

// Meter reads the memory of one process. It is not safe for concurrent use.
type Meter struct {
	id     proc.ID
	ctx    context.Context // tells gopsutil where /proc is, also where HOST_PROC says otherwise
	ps     *process.Process
	statm  *statm
	status *os.File // of this process forever: the kernel does not give it to the next with its pid
	buf    []byte
}

// Open makes a Meter for a living process.
func Open(id proc.ID) (*Meter, error) {
	if err := id.Check(); err != nil {
		return nil, err
	}
	m := &Meter{id: id, ctx: within("/proc"), buf: make([]byte, 4<<10)}
	ps, err := process.NewProcessWithContext(m.ctx, int32(id.PID))
	if err != nil {
		return nil, m.lost(err)
	}
	m.ps = ps
	if m.statm, err = openStatm(m.path("statm")); err != nil {
		return nil, m.lost(err)
	}
	if m.status, err = os.Open(m.path("status")); err != nil {
		return nil, errors.Join(m.lost(err), m.statm.close())
	}
	if _, err := m.Read(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// within tells gopsutil where /proc is.
func within(root string) context.Context {
	return context.WithValue(context.Background(), common.EnvKey, common.EnvMap{common.HostProcEnvKey: root})
}

// Close releases what Open took. It does nothing to the process.
func (m *Meter) Close() error { return errors.Join(m.statm.close(), m.status.Close()) }

// RSS is the resident set size in bytes, from a kept descriptor of
// /proc/PID/statm: some 1 µs, without an allocation. How far it may be off is
// in Facts. A process that has ended is an error, as everywhere; that the
// descriptor shows what gopsutil reads is checked by Read.
func (m *Meter) RSS() (int64, error) {
	rss, err := m.statm.rss()
	if err != nil {
		return 0, m.lost(err)
	}
	if rss == 0 {
		// A zombie, or a process on its way out, whose memory goes first.
		return 0, m.lost(proc.ErrGone)
	}
	return rss, nil
}

// Read is RSS through gopsutil, held against the descriptor that RSS reads,
// with anonymous memory and swap from /proc/PID/status beside it: some 30 µs.
// It checks that the process is still the one that was opened.
func (m *Meter) Read() (Reading, error) {
	if err := m.id.Check(); err != nil {
		return Reading{}, err
	}
	rss, err := m.agreed()
	if err != nil {
		return Reading{}, err
	}
	raw, err := m.readStatus()
	if err != nil {
		return Reading{}, err
	}
	r := Reading{RSS: rss}
	if r.Anon, err = field(raw, "RssAnon"); err != nil {
		return Reading{}, m.lost(err)
	}
	if r.Swap, err = field(raw, "VmSwap"); err != nil {
		return Reading{}, m.lost(err)
	}
	return r, nil
}

// Exact is a Reading from /proc/PID/smaps_rollup, which walks the page tables:
// 0.6 ms at 50 MB, 25 ms at 2 GB. Same user or root.
func (m *Meter) Exact() (Reading, error) {
	if err := m.id.Check(); err != nil {
		return Reading{}, err
	}
	raw, err := m.rollup()
	if err != nil {
		return Reading{}, err
	}
	var r Reading
	for _, f := range []struct {
		name string
		into *int64
	}{{"Rss", &r.RSS}, {"Anonymous", &r.Anon}, {"Swap", &r.Swap}} {
		if *f.into, err = field(raw, f.name); err != nil {
			return Reading{}, m.lost(err)
		}
	}
	return r, nil
}

// Peak is the highest RSS in bytes since ResetPeak, or since the process began
// (VmHWM in /proc/PID/status).
func (m *Meter) Peak() (int64, error) {
	raw, err := m.readStatus()
	if err != nil {
		return 0, err
	}
	peak, err := field(raw, "VmHWM")
	if err != nil {
		return 0, m.lost(err)
	}
	return peak, nil
}

// ResetPeak lets Peak begin anew at the present RSS: 5 into
// /proc/PID/clear_refs (Documentation/filesystems/proc.rst). Same user or root.
func (m *Meter) ResetPeak() error { return m.clear("5") }

// Touched is how many bytes of the resident pages the process has read or
// written since ResetTouched (Referenced in /proc/PID/smaps_rollup). Who uses
// the same memory again saturates; who leaks touches new pages forever. It
// walks the page tables, as Exact does. Same user or root.
func (m *Meter) Touched() (int64, error) {
	if err := m.id.Check(); err != nil {
		return 0, err
	}
	raw, err := m.rollup()
	if err != nil {
		return 0, err
	}
	n, err := field(raw, "Referenced")
	if err != nil {
		return 0, m.lost(err)
	}
	return n, nil
}

// ResetTouched lets Touched begin anew: 1 into /proc/PID/clear_refs. Other
// readers of the accessed bits (page reclaim, DAMON) see them cleared too,
// which is harmless. Same user or root.
func (m *Meter) ResetTouched() error { return m.clear("1") }

func (m *Meter) path(name string) string {
	return "/proc/" + strconv.Itoa(m.id.PID) + "/" + name
}

// readStatus reads the kept file anew; what it returns is valid until the next
// call.
func (m *Meter) readStatus() ([]byte, error) {
	for {
		n, err := m.status.ReadAt(m.buf, 0)
		if n == len(m.buf) { // a process in very many groups
			m.buf = make([]byte, 2*n)
			continue
		}
		if n == 0 {
			return nil, m.lost(err)
		}
		// A process on its way out has given its memory back before it is a
		// zombie. Its status has no sizes then (task_mem in the kernel's
		// fs/proc/array.c).
		if _, ok := line(m.buf[:n], "VmRSS"); !ok {
			return nil, m.lost(proc.ErrGone)
		}
		return m.buf[:n], nil
	}
}

func (m *Meter) rollup() ([]byte, error) {
	raw, err := os.ReadFile(m.path("smaps_rollup"))
	if err != nil {
		return nil, m.lost(err)
	}
	if len(raw) == 0 { // it gave its memory back after the file was opened
		return nil, m.lost(proc.ErrGone)
	}
	return raw, nil
}

func (m *Meter) clear(what string) error {
	if err := m.id.Check(); err != nil {
		return err
	}
	if err := os.WriteFile(m.path("clear_refs"), []byte(what), 0); err != nil {
		return m.lost(err)
	}
	return nil
}

// lost explains why a reading failed: a process that is no more comes before
// whatever else it looked like.
func (m *Meter) lost(err error) error {
	if gone := m.id.Check(); gone != nil {
		return gone
	}
	if errors.Is(err, proc.ErrGone) || errors.Is(err, syscall.ESRCH) {
		return proc.ErrGone // past its memory, not yet past its name
	}
	if errors.Is(err, os.ErrPermission) {
		return forbidden(m.id.PID, err)
	}
	return fmt.Errorf("cannot read the memory of process %d: %w", m.id.PID, err)
}
