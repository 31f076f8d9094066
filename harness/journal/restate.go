package journal

import (
	"io"
	"os"

	"leakhunt/harness/record"
)

// Restate puts a header and events in the place of all that was appended so far. It is
// for what has turned out to be a secret before anything was measured: what is killed
// meanwhile loses these lines. A pipe or a device keeps what it was given.
func (w *Writer) Restate(h record.Header, events []record.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.syncing {
		w.idle.Wait()
	}
	f, ok := w.file.(interface {
		Truncate(size int64) error
		io.Seeker
	})
	if info, err := w.file.Stat(); !ok || w.err != nil || err != nil || !info.Mode().IsRegular() {
		return w.err
	}
	if w.closed {
		return os.ErrClosed
	}
	enc := record.NewEncoder(h.Environment.PageBytes)
	text, err := enc.Header(nil, h)
	for _, ev := range events {
		if err == nil {
			text, err = enc.Append(text, ev)
		}
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err != nil {
		w.fail(err)
		return w.err
	}
	w.enc, w.buf = enc, text
	w.write()
	if w.err == nil {
		w.fail(w.sync())
	}
	return w.err
}
