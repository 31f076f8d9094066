package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

func TestList(t *testing.T) {
	dir := state(t)
	if all, err := List(""); err != nil || len(all) != 0 {
		t.Errorf("without a folder: %v, %v", all, err)
	}
	_, err := Last("")
	isFault(t, err, fault.Usage, "no journal of a run is kept", "Run a scenario first")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	day := 0
	run := func(name string, events ...record.Event) string {
		day++
		h := header(2)
		h.StartedAt = fmt.Sprintf("2026-01-%02dT00:00:00Z", day)
		return write(t, filepath.Join(dir, name), h, events...)
	}
	why := func(e record.Ended) []record.Event { return append(some(), e) }
	complete := run("b.jsonl", why(record.Ended{T: 9, Complete: true})...)
	limit := run("a.jsonl", why(record.Ended{T: 9.5, By: "limit", Reason: "15m0s are over"})...)
	interrupt := run("c.jsonl", why(record.Ended{T: 10, By: "interrupt"})...)
	none := run("d.jsonl")
	torn := run("e.jsonl", some()...)
	truncate(t, torn, 20)
	packed := run("f.jsonl", why(record.Ended{T: 9, Complete: true})...)
	raw, err := os.ReadFile(packed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(packed+".gz", compress(t, raw), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(packed); err != nil {
		t.Fatal(err)
	}
	damaged := run("g.jsonl", some()...)
	damage(t, damaged)
	bad := filepath.Join(dir, "2026-01-20T00-00-00-shop-ab12.jsonl")
	create1(t, bad, "hello\n")
	create1(t, filepath.Join(dir, "foreign.jsonl"), "hello\n")
	create1(t, filepath.Join(dir, "empty.jsonl"), "")
	create1(t, filepath.Join(dir, "notes.txt"), "hello\n")
	if err := os.Mkdir(filepath.Join(dir, "folder.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}

	const killed = "it was killed, or its journal could not be written to its end"
	want := []struct {
		path, why string
		complete  bool
		seconds   float64
		bad       bool
	}{
		{bad, "", false, 0, true},
		{damaged, "", false, 0, true},
		{packed + ".gz", "", true, 9, false},
		{torn, killed, false, 1.5041, false},
		{none, killed, false, 0, false},
		{interrupt, "interrupt", false, 10, false},
		{limit, "15m0s are over", false, 9.5, false},
		{complete, "", true, 9, false},
	}
	// The time of a file that cannot be read is that of its last change.
	for i, p := range []string{damaged, bad} {
		if err := os.Chtimes(p, time.Time{}, time.Date(2027, 1, 1+i, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := List("")
	if err != nil || len(all) != len(want) {
		t.Fatalf("%v, %d of %d: %+v", err, len(all), len(want), all)
	}
	for i, e := range all {
		w := want[i]
		if e.Path != w.path || e.Why != w.why || e.Complete != w.complete || e.Running || (e.Err != nil) != w.bad || e.Bytes == 0 || e.Seconds != w.seconds {
			t.Errorf("%d: %+v, want %+v", i, e, w)
		}
		if w.bad {
			isFault(t, e.Err, fault.Usage, e.Path)
			continue
		}
		if e.Scenario.Name != "shop" || e.URIs != 2 || e.Started.Year() != 2026 {
			t.Errorf("%d: %+v", i, e)
		}
	}
	if last, err := Last(""); err != nil || last != packed+".gz" {
		t.Errorf("last: %s, %v", last, err)
	}
	_, err = List(bad)
	isHintless(t, err, bad)
}

// isHintless is for a fault whose next step is plain.
func isHintless(t *testing.T, err error, part string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Usage || !bytes.Contains([]byte(err.Error()), []byte(part)) {
		t.Errorf("%v", err)
	}
}

func truncate(t *testing.T, path string, off int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-off)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The end of a long journal is found from behind, however long its lines are, and
// is what reading all of it finds.
func TestEndOfALongJournal(t *testing.T) {
	for long, behind := range map[int]bool{10: true, 3000: true, 100_000: true, 500_000: true, 3_000_000: false} {
		var events []record.Event
		n := max(2, min(2000, 3_000_000/long))
		for i := range n {
			events = append(events, record.Noted{Message: string(bytes.Repeat([]byte("x"), long))}, record.Read{Edge: record.Edge{T: float64(i)}})
		}
		raw, err := os.ReadFile(write(t, filepath.Join(t.TempDir(), "run.jsonl"), header(1), events...))
		if err != nil {
			t.Fatal(err)
		}
		head := int64(bytes.IndexByte(raw, '\n') + 1)
		for _, cut := range []int64{0, 1, 50, 60, 70, 80, 90, 200, 500} {
			size := int64(len(raw)) - cut
			_, got, err := ends(bytes.NewReader(raw[:size]), size)
			left := bytes.Count(raw[head:size], []byte("\n"))
			if err != nil || !reflect.DeepEqual(got.last, events[left-1]) || got.seconds != float64(left/2-1) {
				t.Errorf("lines of %d, %d bytes cut: %v, %T at %v", long, cut, err, got.last, got.seconds)
			}
		}
		if _, ok := lastLines(bytes.NewReader(raw), head, int64(len(raw))); ok != behind {
			t.Errorf("lines of %d: read from behind: %v", long, ok)
		}
		// A flipped bit there is found, and its line named.
		bad := bytes.Clone(raw)
		bad[bytes.LastIndexByte(raw[:len(raw)-1], '\n')-1] ^= 1
		var d *record.DamageError
		if _, _, err := ends(bytes.NewReader(bad), int64(len(bad))); !errors.As(err, &d) || d.Line != len(events) {
			t.Errorf("lines of %d: %v, want line %d", long, err, len(events))
		}
	}
}

// Whatever stands in a folder, List describes it and panics never; what it calls
// whole can be read.
func FuzzList(f *testing.F) {
	path := filepath.Join(f.TempDir(), "run.jsonl")
	raw, err := os.ReadFile(write(f, path, header(2), append(some(), record.Ended{T: 9, Complete: true})...))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw, "a.jsonl")
	f.Add(raw[:len(raw)-10], "2026-11-28T16-45-10-shop-ab12.jsonl")
	f.Add(compress(f, raw), "a.jsonl.gz")
	f.Add([]byte{0x1f, 0x8b}, "b.jsonl")
	f.Add([]byte("hello"), "2026-11-28T16-45-10-shop-ab12.jsonl")
	f.Fuzz(func(t *testing.T, raw []byte, name string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(filepath.Clean("/"+name))), raw, 0o600); err != nil {
			return // no name of a file
		}
		all, err := List(dir)
		if err != nil || len(all) > 1 {
			t.Fatalf("%v, %+v", err, all)
		}
		for _, e := range all {
			if (e.Err == nil) != (e.Complete || e.Why != "") || e.Running {
				t.Fatalf("%+v", e)
			}
			if _, err := Load(e.Path); (err == nil) != (e.Err == nil) {
				t.Fatalf("%+v, and reading it: %v", e, err)
			}
		}
	})
}

// A run is over with its last event, though its file is not closed yet.
func TestListOfARunThatJustEnded(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(filepath.Join(dir, "run.jsonl"), header(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, c := range []struct {
		ev                record.Event
		running, complete bool
	}{
		{record.Opened{T: 1}, true, false},
		{record.Ended{T: 2, By: "interrupt"}, false, false},
		{record.Opened{T: 3, Why: record.Resumed}, true, false},
		{record.Ended{T: 4, Complete: true}, false, true},
	} {
		appendAll(t, w, []record.Event{c.ev})
		all, err := List(dir)
		if err != nil || len(all) != 1 || all[0].Running != c.running || all[0].Complete != c.complete || (all[0].PID == os.Getpid()) != c.running || (all[0].Why == "") != c.complete {
			t.Errorf("after %+v: %v, %+v", c.ev, err, all)
		}
	}
}
