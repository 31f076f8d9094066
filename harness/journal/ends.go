package journal

import (
	"bytes"
	"errors"
	"io"

	"leakhunt/harness/record"
)

// end is how a journal ends.
type end struct {
	last    record.Event // nil where there is none
	seconds float64      // since the run began; 0 where nothing says it
}

// ends reads the first and the last lines of a journal of so many bytes. Lines
// between them are not looked at, but in a compressed one.
func ends(f io.ReaderAt, size int64) (record.Header, end, error) {
	in, err := plain(io.NewSectionReader(f, 0, size))
	if err != nil {
		return record.Header{}, end{}, err
	}
	r, err := record.NewReader(in)
	if err != nil {
		return record.Header{}, end{}, err
	}
	if _, whole := in.(unpacker); !whole {
		if e, ok := lastLines(f, r.Tail().Bytes, size); ok {
			return r.Header, e, nil
		}
	}
	e, err := toEnd(r)
	return r.Header, e, err
}

func toEnd(r *record.Reader) (e end, err error) {
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return e, nil
		}
		if err != nil {
			return e, err
		}
		e.last, e.seconds = ev, max(e.seconds, at(ev))
	}
}

// lastLines reads the lines of the last part of a journal, which begin at from.
// ok is false where that part is all of it, or where a line of it is damaged:
// who reads from the beginning can say which.
func lastLines(f io.ReaderAt, from, size int64) (end, bool) {
	for part := int64(128 << 10); size-part > from; part *= 4 {
		raw := make([]byte, part)
		if _, err := f.ReadAt(raw, size-part); err != nil {
			return end{}, false
		}
		// The first line is cut, the second says what the checksum of the third
		// goes on from.
		_, raw, _ = bytes.Cut(raw, []byte("\n"))
		second := bytes.IndexByte(raw, '\n') + 1
		r, err := record.ReadAfter(raw[:second], bytes.NewReader(raw[second:]))
		if err != nil {
			continue
		}
		if e, err := toEnd(r); err != nil || e.last != nil && e.seconds > 0 {
			return e, err == nil
		}
	}
	return end{}, false
}

// at is when an event came, in seconds since the run began; 0 where it does not
// say.
func at(ev record.Event) float64 {
	switch ev := record.Bare(ev).(type) {
	case record.Opened:
		return ev.T
	case record.Assigned:
		return ev.T
	case record.Began:
		return ev.T
	case record.Readings:
		if n := len(ev.At); n > 0 {
			return float64(ev.At[n-1]) / record.Ticks
		}
	case record.Finished:
		return ev.End.T
	case record.Read:
		return ev.Edge.T
	case record.Traced:
		return ev.T
	case record.Lost:
		return ev.T
	case record.Failed:
		return ev.T
	case record.Limited:
		return ev.T
	case record.Ended:
		return ev.T
	}
	return 0
}
