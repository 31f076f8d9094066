package recorded

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"leakhunt/harness/fault"
)

// kibi is the unit of RSS in what ps and pidstat print.
const kibi = 1024

var (
	// bare is what ps -o rss= prints, with the seconds since 1970 before it or without.
	bare  = regexp.MustCompile(`^(?:\d{10}(?:\.\d+)?\s+)?\d+$`)
	clock = regexp.MustCompile(`^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(AM|PM)?$`)
	// elapsed is ps's ELAPSED: [[days-]hours:]minutes:seconds.
	elapsed = regexp.MustCompile(`^(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)$`)
)

// isLog says that a file was written by ps or pidstat.
func isLog(head []byte) bool {
	line := string(firstLine(head))
	return bare.MatchString(line) || isBanner(line) || isHeader(logFields(line)) && !strings.Contains(line, ",")
}

// isBanner is pidstat's first line.
func isBanner(line string) bool {
	return strings.HasPrefix(line, "Linux ") && strings.HasSuffix(line, "CPU)")
}

func isHeader(fields []string) bool { return column(fields, "RSS", "RSZ") >= 0 }

// column is the index of the first of these names in a header, or −1.
func column(fields []string, names ...string) int {
	return slices.IndexFunc(fields, func(f string) bool { return slices.Contains(names, strings.ToUpper(f)) })
}

// logFields are the fields of a line. "11:00:01 AM" is one.
func logFields(line string) []string {
	f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "#"))
	if len(f) > 1 && clock.MatchString(f[0]) && (f[1] == "AM" || f[1] == "PM") {
		f = append([]string{f[0] + f[1]}, f[2:]...)
	}
	return f
}

// logReader reads a log line by line.
type logReader struct {
	name             string
	line, width      int
	rss, pid, time   int // columns; −1 where there is none
	elapsed, clocked bool
	all              []monitored
}

func readLog(r io.Reader, name string) ([]monitored, error) {
	l := logReader{name: name, rss: -1, pid: -1, time: -1}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	for lines.Scan() {
		l.line++
		if err := l.read(lines.Text()); err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return nil, readError(name, l.line+1, err)
	}
	if len(l.all) == 0 {
		return nil, fault.Usagef("%s: no reading after the header", name).WithHint("Let ps or pidstat run for longer.")
	}
	kernel := func(m monitored) bool { return slices.Max(m.rss) == 0 } // its threads have no memory of their own
	if !slices.ContainsFunc(l.all, func(m monitored) bool { return !kernel(m) }) {
		return l.all, nil
	}
	return slices.DeleteFunc(l.all, kernel), nil
}

func (l *logReader) read(text string) error {
	fields := logFields(text)
	switch {
	case len(fields) == 0 || isBanner(strings.TrimSpace(text)) || strings.HasPrefix(fields[0], "Average:"):
		return nil
	case isHeader(fields):
		l.header(fields)
		return nil
	case l.rss < 0 && bare.MatchString(strings.TrimSpace(text)):
		l.width, l.rss, l.time = len(fields), len(fields)-1, len(fields)-2
	}
	if len(fields) < l.width || l.rss < 0 {
		return l.bad(text, fmt.Sprintf("%d fields as in the header, not %d", l.width, len(fields)))
	}
	rss, err := strconv.ParseUint(fields[l.rss], 10, 42)
	if err != nil {
		return l.bad(text, fmt.Sprintf("RSS must be a number of KiB, not %q", short(fields[l.rss])))
	}
	process := ""
	if l.pid >= 0 {
		process = "pid " + short(fields[l.pid])
	}
	m := byName(&l.all, process)
	if len(m.rss) == maxRows || len(l.all) > maxSeries {
		return l.bad(text, fmt.Sprintf("at most %d readings of %d processes", maxRows, maxSeries))
	}
	if l.time >= 0 {
		at, err := l.seconds(fields[l.time])
		if err != nil {
			return l.bad(text, err.Error())
		}
		if k := len(m.at); k > 0 && l.clocked {
			for at < m.at[k-1] { // past midnight
				at += 24 * 60 * 60
			}
		} else if k > 0 && at < m.at[k-1] {
			return l.bad(text, "the time must rise from line to line")
		}
		m.at = append(m.at, at)
	}
	m.rss = append(m.rss, float64(rss)*kibi)
	return nil
}

// header says which columns there are. pidstat has the time in the first one, ps in
// ELAPSED where it was asked for; its TIME is that of the processor.
func (l *logReader) header(fields []string) {
	l.width, l.rss, l.pid = len(fields), column(fields, "RSS", "RSZ"), column(fields, "PID")
	l.time, l.elapsed = column(fields, "ELAPSED"), true
	if clock.MatchString(fields[0]) || fields[0] == "Time" {
		l.time, l.elapsed = 0, false
	}
	if last := fields[len(fields)-1]; strings.EqualFold(last, "command") || strings.EqualFold(last, "cmd") {
		l.width-- // it may be empty
	}
}

var errTime = errors.New("the time must be as 15:04:05, in seconds, or 2006-01-02T15:04:05")

// seconds reads a time; clocked says that it begins anew at midnight.
func (l *logReader) seconds(text string) (float64, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e11 {
		return n, nil
	}
	if m := elapsed.FindStringSubmatch(text); l.elapsed && m != nil {
		total := 0
		for i, unit := range []int{86400, 3600, 60, 1} {
			n, err := strconv.Atoi("0" + m[i+1])
			if err != nil || n > 1e6 {
				return 0, errTime
			}
			total += n * unit
		}
		return float64(total), nil
	}
	if m := clock.FindStringSubmatch(text); m != nil {
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1]) // two digits
		}
		switch {
		case m[4] == "PM" && n[0] < 12:
			n[0] += 12
		case m[4] == "AM" && n[0] == 12:
			n[0] = 0
		}
		l.clocked = true
		return float64(n[0]*3600 + n[1]*60 + n[2]), nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05-0700", time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return float64(t.Unix()), nil
		}
	}
	return 0, errTime
}

func (l *logReader) bad(text, right string) error {
	return fault.Usagef("%s:%d: %q: %s", l.name, l.line, short(text), right).
		WithHint("The log must be that of ps -o rss= -p PID, ps -o etimes,rss -p PID, or pidstat -r -p PID, each line a reading.")
}
