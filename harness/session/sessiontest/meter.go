package sessiontest

import (
	"context"

	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/session"
)

const page = 4096

// OpenMeter opens the process's meter.
func (p *Process) OpenMeter(proc.ID) (session.Meter, error) {
	if p.Room > 0 {
		return roomy{meter{p}}, nil
	}
	return meter{p}, nil
}

// roomy is the meter of a process for which there is so much memory.
type roomy struct{ meter }

// Room is what is left of it.
func (m roomy) Room() (memory.Room, error) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	return memory.Room{Left: m.p.Room - int64(m.p.RSS-Fresh), Of: m.p.Room, Group: m.p.Grouped, Stalled: m.p.Stalled}, m.p.MeterFails
}

// meter reads what the process is said to hold.
type meter struct{ p *Process }

// RSS implements session.Meter.
func (m meter) RSS() (int64, error) {
	r, err := m.Read()
	return r.RSS, err
}

// Read implements session.Meter.
func (m meter) Read() (memory.Reading, error) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	if m.p.MeterFails != nil {
		return memory.Reading{}, m.p.MeterFails
	}
	rss := int64(m.p.RSS/page) * page
	return memory.Reading{RSS: rss, Anon: rss - Files, Swap: int64(m.p.Swap)}, nil
}

// Exact implements session.Meter.
func (m meter) Exact() (memory.Reading, error) {
	m.p.Locked(func() { m.p.Exacts++ })
	return m.Read()
}

// Facts are those that the process is said to have.
func (m meter) Facts() (memory.Facts, error) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	return m.p.Facts, m.p.MeterFails
}

// ResetTouched lets the touched set begin anew.
func (m meter) ResetTouched() error {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	m.p.Touched = 0
	return m.p.TouchFails
}

// Touched is the touched set, in bytes.
func (m meter) Touched() (int64, error) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	return int64(m.p.Touched), m.p.TouchFails
}

// Counts are what the process is said to hold beside memory.
func (m meter) Counts() (memory.Counts, error) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	return m.p.Counts, m.p.MeterFails
}

// ResetPeak lets the peak begin anew.
func (m meter) ResetPeak() error {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	m.p.Peak = m.p.RSS
	return nil
}

// Peak is the highest RSS since ResetPeak.
func (m meter) Peak() (int64, error) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	return int64(m.p.Peak/page) * page, m.p.MeterFails
}

// OpenCounter opens a counter of the process's live bytes.
func (p *Process) OpenCounter(context.Context, session.Pinned, *load.Client) (session.Counter, error) {
	return Counter{p}, nil
}

// Counter counts the bytes that are alive in a process.
type Counter struct{ P *Process }

// Name implements session.Counter.
func (c Counter) Name() string { return "agent" }

// Columns implements session.Counter.
func (c Counter) Columns() []runtimes.Column {
	return []runtimes.Column{{Name: "live bytes", Unit: "bytes", Exact: true}}
}

// Read implements session.Counter.
func (c Counter) Read(ctx context.Context) ([]float64, error) {
	var n int
	c.P.Locked(func() {
		c.P.Reads++
		n = c.P.Reads
	})
	if c.P.BeforeRead != nil {
		if err := c.P.BeforeRead(ctx, n); err != nil {
			return nil, err
		}
	}
	c.P.mu.Lock()
	defer c.P.mu.Unlock()
	return []float64{c.P.Live}, ctx.Err()
}

// Close implements session.Counter.
func (c Counter) Close() error { return nil }
