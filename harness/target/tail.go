package target

import (
	"io"
	"strings"
	"sync"
)

// tailBytes of a process's output are kept, for errors to show.
const tailBytes = 64 << 10

// tail keeps the end of what a process says, and passes all of it on. It never
// fails: a sink that does must not stop the process.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// to is a writer that keeps what it is given and passes it on to sink, which
// may be nil.
func (t *tail) to(sink io.Writer) io.Writer { return tailWriter{t, sink} }

type tailWriter struct {
	tail *tail
	sink io.Writer
}

func (w tailWriter) Write(p []byte) (int, error) {
	t := w.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - tailBytes; over > tailBytes { // move rarely
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-tailBytes:]...)
	}
	if w.sink != nil {
		_, _ = w.sink.Write(p)
	}
	return len(p), nil
}

// text is the end of what was said.
func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept[max(0, len(t.kept)-tailBytes):])
}

// said is a clause with the last lines of output, or "".
func (t *tail) said() string {
	const most = 8
	lines := strings.Split(strings.TrimSpace(t.text()), "\n")
	lines = lines[max(0, len(lines)-most):]
	if len(lines) == 1 && lines[0] == "" {
		return ""
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, "\r \t")
	}
	if len(lines) == 1 {
		return "; it said: " + lines[0]
	}
	return "; it said:\n  " + strings.Join(lines, "\n  ")
}
