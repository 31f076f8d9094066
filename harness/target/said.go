package target

import (
	"bytes"
	"fmt"
	"regexp"
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

// call is a line that stands for one call of a stack, in Java, Node, Ruby and PHP, or for
// what Java leaves out.
var call = regexp.MustCompile(`^\s*(at \S.*[:(].*\)?|from \S+:\d+:in .*|(from )?\S+:\d+:in [` + "`'" + `].*|#\d+ .*|\.\.\. \d+ (more|levels\.\.\.))\s*$`)

// fold leaves out all calls of a stack but the first, and says how many.
func fold(lines []string) (left []string) {
	for i := 0; i < len(lines); {
		n := 0
		for i+n < len(lines) && call.MatchString(lines[i+n]) {
			n++
		}
		left = append(left, lines[i])
		switch {
		case n > 2:
			left = append(left, fmt.Sprintf("(%d more calls)", n-1))
		case n == 2:
			left = append(left, lines[i+1])
		}
		i += max(1, n)
	}
	return left
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
