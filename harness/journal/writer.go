package journal

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"leakhunt/harness/record"
)

const (
	// delay is how long an event waits in memory. A second at most may be lost,
	// and the disk needs a part of it.
	delay = 500 * time.Millisecond
	// full is how many bytes wait at most.
	full = 64 << 10
)

// file is what a Writer needs of an *os.File.
type file interface {
	io.Writer
	Sync() error
	Stat() (os.FileInfo, error)
	Close() error
}

// Writer writes a journal while its run goes on. A process that is killed loses what
// was appended in the last second. A machine that fails loses that too, and what the
// disk has not written yet. It holds a lock, so that no other run writes the same file.
// Its methods may be called from several goroutines.
type Writer struct {
	path string
	file file

	mu      sync.Mutex
	enc     *record.Encoder
	buf     []byte    // not written yet
	first   time.Time // when the oldest in buf was appended
	timer   *time.Timer
	armed   bool // the timer runs
	syncing bool
	again   bool // something was written while syncing
	idle    *sync.Cond
	err     error
	closed  bool
}

func newWriter(path string, f file, enc *record.Encoder) *Writer {
	w := &Writer{path: path, file: f, enc: enc}
	w.idle = sync.NewCond(&w.mu)
	return w
}

// Path is the file.
func (w *Writer) Path() string { return w.path }

// Append adds an event. It is on disk within a second, or on return where it is
// one that a run may end with or that took long: see urgent.
//
// It returns the first error of the journal, as each later call does, and Err and
// Close, too. Nothing is written from then on: a journal with a hole would be
// worse than one that ends. The run itself can go on.
func (w *Writer) Append(ev record.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed && w.err == nil {
		return os.ErrClosed
	}
	if w.err != nil {
		return w.err
	}
	now := time.Now()
	if len(w.buf) == 0 {
		w.first = now
	}
	var err error
	if w.buf, err = w.enc.Append(w.buf, ev); err != nil {
		w.write() // what came before is good
		w.fail(err)
		return w.err
	}
	switch {
	case urgent(ev):
		if w.write(); w.err == nil {
			w.fail(w.sync())
		}
		return w.err
	case len(w.buf) >= full, now.Sub(w.first) >= delay:
		w.write()
	}
	if !w.armed {
		w.armed = true
		w.timer = time.AfterFunc(delay, w.flush)
	}
	return w.err
}

// urgent says that an event is synced before Append returns. They are few.
func urgent(ev record.Event) bool {
	switch record.Bare(ev).(type) {
	case record.Assigned, record.Opened, record.Lost, record.Failed, record.Limited, record.Ended, record.Traced:
		return true
	}
	return false
}

// Err is the first error, nil without one.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close writes what waits and gives the file free. It returns the first error.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return w.err
	}
	w.closed = true
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.err == nil {
		w.write()
	}
	for w.syncing {
		w.idle.Wait()
	}
	if w.err == nil {
		w.mu.Unlock() // a flush that has just begun sees that nothing is left to do
		err := w.sync()
		w.mu.Lock()
		w.fail(err)
	}
	w.fail(w.file.Close())
	return w.err
}

// flush writes and syncs what waits. Nobody waits for it: the disk may be slow.
func (w *Writer) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = false
	if w.closed || w.err != nil {
		return
	}
	w.write()
	if w.syncing {
		w.again = true
		return
	}
	w.syncing = true
	for w.err == nil {
		w.again = false
		w.mu.Unlock()
		err := w.sync()
		w.mu.Lock()
		w.fail(err)
		if !w.again {
			break
		}
	}
	w.syncing = false
	w.idle.Broadcast()
}

// write gives what waits to the kernel. mu is held.
func (w *Writer) write() {
	if len(w.buf) == 0 {
		return
	}
	_, err := w.file.Write(w.buf)
	w.fail(err)
	if w.buf = w.buf[:0]; cap(w.buf) > 4*full {
		w.buf = nil
	}
}

// sync has the disk hold what was written.
func (w *Writer) sync() error {
	err := w.file.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOTSUP) {
		err = nil // a pipe or a device has nothing to sync (fsync(2))
	}
	if err != nil {
		return err
	}
	// What is written to a file without a name goes nowhere, and no write fails.
	if info, err := w.file.Stat(); err == nil && info.Mode().IsRegular() && deleted(info) {
		return errors.New("the file was deleted")
	}
	return nil
}

// fail keeps the first error. mu is held.
func (w *Writer) fail(err error) {
	if err != nil && w.err == nil {
		w.err = broken(w.path, err)
	}
}
