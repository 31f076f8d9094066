package main

import (
	"bytes"
	"io"
	"sync"
	"time"
)

const (
	// writeWithin is how long a write to standard error may take before the run goes
	// on without it.
	writeWithin = 250 * time.Millisecond
	// mostUnread is how much waits for a reader, in bytes; what comes then is lost.
	mostUnread = 256 << 10
)

// patient passes on what it is given, in order, and waits for that; but not forever: a
// run must not stand still because nobody reads what it says. It fails where w does.
type patient struct {
	w    io.Writer
	mu   sync.Mutex
	wait bytes.Buffer  // what w has not taken yet
	idle chan struct{} // closed once w has taken all; nil: it has
	late bool          // the last write had to be given up
	err  error
}

func (p *patient) Write(text []byte) (int, error) {
	p.mu.Lock()
	if p.err != nil {
		defer p.mu.Unlock()
		return 0, p.err
	}
	if p.wait.Len()+len(text) <= mostUnread {
		p.wait.Write(text)
	}
	if p.idle == nil {
		p.idle = make(chan struct{})
		go p.pass(p.idle)
	}
	idle, late := p.idle, p.late
	p.mu.Unlock()
	if late {
		return len(text), nil
	}
	return len(text), p.await(idle)
}

// await waits until all is taken, or for as long as that may take.
func (p *patient) await(idle <-chan struct{}) error {
	limit := time.NewTimer(writeWithin)
	defer limit.Stop()
	select {
	case <-idle:
	case <-limit.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.late = p.idle != nil
	return p.err
}

// pass writes until nothing waits any more.
func (p *patient) pass(idle chan struct{}) {
	for {
		p.mu.Lock()
		text := bytes.Clone(p.wait.Bytes())
		p.wait.Reset()
		if len(text) == 0 || p.err != nil {
			p.idle, p.late = nil, false
			p.mu.Unlock()
			close(idle)
			return
		}
		p.mu.Unlock()
		_, err := p.w.Write(text)
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
	}
}

// Flush waits a moment for what is not taken yet.
func (p *patient) Flush() error {
	p.mu.Lock()
	idle := p.idle
	p.mu.Unlock()
	if idle == nil {
		return nil
	}
	return p.await(idle)
}
