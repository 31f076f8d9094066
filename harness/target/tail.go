package target

import (
	"io"
	"strings"
	"sync"
)

// tailBytes of a process's output are kept, for errors to show.
// A JVM shows 1,024 calls of a stack that has overflowed.
const tailBytes = 256 << 10

// tail keeps the end of what a process says, and passes all of it on. It never
// fails: a sink that does must not stop the process.
type tail struct {
	mu      sync.Mutex
	kept    []byte
	writers []*tailWriter
}

// to is a writer that keeps what it is given and passes it on to sink, which
// may be nil, line by line: a value that comes in two writes is seen as one.
func (t *tail) to(sink io.Writer) io.Writer {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &tailWriter{tail: t, sink: sink}
	t.writers = append(t.writers, w)
	return w
}

type tailWriter struct {
	tail *tail
	sink io.Writer
	line []byte // the beginning of one, longestLine and one byte at most
}

// end passes on what no end of line followed.
func (t *tail) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.writers {
		if len(w.line) > 0 {
			w.pass()
		}
	}
}

func (w *tailWriter) Write(p []byte) (int, error) {
	t := w.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailBytes; over > tailBytes { // move rarely
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-tailBytes:]...)
	}
	if w.sink != nil {
		w.feed(p)
	}
	return len(p), nil
}

// text is the end of what was said.
func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept[max(0, len(t.kept)-tailBytes):])
}

// cut says that text does not begin with the beginning of a line.
func (t *tail) cut() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	over := len(t.kept) - tailBytes
	return over > 0 && t.kept[over-1] != '\n'
}

// said is a clause with the last lines of output, or "". Of the calls of a stack only the
// first is shown, for many runtimes say before them what went wrong.
func (t *tail) said() string {
	const most = 8
	lines := strings.Split(strings.TrimSpace(t.text()), "\n")
	cut := t.cut() && len(lines) <= most
	lines = fold(lines)
	lines = lines[max(0, len(lines)-most):]
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	for i, line := range lines {
		if i == 0 && cut {
			line = strings.Repeat("x", longestLine+1) // of which the beginning is not known
		}
		lines[i] = asLine([]byte(line))
	}
	if len(lines) == 1 {
		return "; it said: " + lines[0]
	}
	return "; it said:\n  " + strings.Join(lines, "\n  ")
}
