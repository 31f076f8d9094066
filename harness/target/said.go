package target

import (
	"bytes"
	"strings"
	"unicode"

	"leakhunt/harness/secret"
)

// discreet is a line of an application without the values of headers that say who
// sends a request, and without what commands a terminal.
func discreet(line string) string {
	line = strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsGraphic(r) {
			return r
		}
		return '\uFFFD'
	}, strings.TrimRight(line, "\r \t"))
	return secret.Headers(line)
}

// longestLine is the length, in bytes, of the longest line that is shown. Of a longer
// one nobody could tell what was cut off: it may be the beginning of a secret.
const longestLine = 8 << 10

// asLine is a line as discreet shows it, or that it is too long.
func asLine(line []byte) string {
	if len(line) > longestLine {
		return "(a line of more than 8 KiB)"
	}
	return discreet(string(line))
}

// feed passes on the lines that p ends, as asLine does, one in each write.
func (w *tailWriter) feed(p []byte) {
	for len(p) > 0 {
		now, rest, whole := bytes.Cut(p, []byte("\n"))
		w.line = append(w.line, now[:min(len(now), longestLine+1-len(w.line))]...)
		if whole {
			w.pass()
		}
		p = rest
	}
}

func (w *tailWriter) pass() {
	_, _ = w.sink.Write([]byte(asLine(w.line) + "\n")) // its failure must not stop the process
	w.line = w.line[:0]
}
