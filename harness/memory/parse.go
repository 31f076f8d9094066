package memory

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
)

// field is the value, in bytes, of the line "name:   1234 kB" in the text of
// /proc/PID/status or /proc/PID/smaps_rollup. Without such a line, or with one
// of another form, it is an error: an absent figure is not 0.
func field(text []byte, name string) (int64, error) {
	value, ok := line(text, name)
	if !ok {
		return 0, fmt.Errorf("no %s among the figures", name)
	}
	number, unit, _ := bytes.Cut(value, []byte(" "))
	if string(bytes.TrimSpace(unit)) != "kB" {
		return 0, fmt.Errorf("%s is not in kB: %q", name, value)
	}
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/1024 {
		return 0, fmt.Errorf("%s is no size: %q", name, value)
	}
	return n * 1024, nil
}

// line is what stands behind "name:" at the beginning of a line, trimmed.
func line(text []byte, name string) ([]byte, bool) {
	for len(text) > 0 {
		var row []byte
		row, text, _ = bytes.Cut(text, []byte("\n"))
		if len(row) > len(name) && row[len(name)] == ':' && string(row[:len(name)]) == name {
			return bytes.TrimSpace(row[len(name)+1:]), true
		}
	}
	return nil, false
}
