package record

import (
	"bytes"
	"reflect"
	"testing"
)

// Whatever a file holds, reading it panics never, and what was read is a journal:
// written again it is read as the same. Nobody who writes text at random finds a
// checksum, so each line of it is tried with one, too.
func FuzzJournal(f *testing.F) {
	h, events := small()
	raw := written(f, h, events...)
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	lh, levents := laned()
	for _, line := range lines(written(f, lh, levents...)) {
		f.Add(line[:len(line)-sumLen])
	}
	for _, line := range lines(raw) {
		f.Add(line[:len(line)-sumLen])
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		faithful(t, raw)
		e := NewEncoder(page)
		out, err := e.Header(nil, h)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.SplitSeq(raw, []byte("\n")) {
			if out, err = e.seal(out, append(out, line...)); err != nil {
				return
			}
		}
		faithful(t, out)
	})
}

func faithful(t *testing.T, raw []byte) {
	t.Helper()
	h, events, tail, err := read(raw)
	if tail.Lines == 0 {
		if err == nil {
			t.Fatal("neither a journal nor an error")
		}
		return
	}
	if tail.Lines != 1+len(events) || tail.Bytes+tail.Torn > int64(len(raw)) || err == nil && tail.Bytes+tail.Torn != int64(len(raw)) {
		t.Fatalf("%d events, %+v of %d bytes", len(events), tail, len(raw))
	}
	first := written(t, h, events...)
	h2, events2, tail, err := read(first)
	if err != nil || tail.Torn != 0 || !reflect.DeepEqual(plain(h2), plain(h)) || len(events2) != len(events) {
		t.Fatalf("%v, %+v:\n got %+v %+v\nwant %+v %+v", err, tail, h2, events2, h, events)
	}
	for i := range events {
		if !reflect.DeepEqual(plain(events2[i]), plain(events[i])) {
			t.Fatalf("got %+v, want %+v", events2[i], events[i])
		}
	}
	sameLines(t, written(t, h2, events2...), first)
}
