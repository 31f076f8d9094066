package journal

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// disk is a file in memory. It has room for so many bytes, and syncs slowly.
type disk struct {
	mu      sync.Mutex
	raw     []byte
	room    int
	slow    time.Duration // each sync takes so long
	writes  int
	synced  int // bytes that were written when the last sync that ended began
	syncs   int
	syncing int
	most    int // syncs at a time
	syncErr error
	closed  bool
}

func (d *disk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	n := min(len(p), d.room-len(d.raw))
	d.raw = append(d.raw, p[:n]...)
	if n < len(p) {
		return n, &os.PathError{Op: "write", Path: "run.jsonl", Err: unix.ENOSPC}
	}
	return n, nil
}

func (d *disk) Sync() error {
	d.mu.Lock()
	n := len(d.raw)
	d.syncing++
	d.most = max(d.most, d.syncing)
	d.mu.Unlock()
	time.Sleep(d.slow)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.syncing--
	d.synced, d.syncs = max(d.synced, n), d.syncs+1
	return d.syncErr
}

func (d *disk) Stat() (os.FileInfo, error) { return nil, errors.New("there is no file") }

func (d *disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.syncing > 0 {
		return errors.New("closed during a sync")
	}
	d.closed = true
	return nil
}

// on is a writer on d, whose header is written.
func on(t testing.TB, d *disk) *Writer {
	t.Helper()
	if d.room == 0 {
		d.room = 1 << 30
	}
	w, err := begin("run.jsonl", d, header(1))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// left is what can be read of the first n bytes of d.
func left(t testing.TB, d *disk, n int) *Run {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.jsonl")
	if err := os.WriteFile(path, d.raw[:n], 0o600); err != nil {
		t.Fatal(err)
	}
	return mustLoad(t, path)
}

func note(i int) record.Noted { return record.Noted{Message: strconv.Itoa(i)} }

// Whenever an event is appended, it is with the kernel, and on the disk, within a
// second: one that is followed by nothing, too.
func TestEventsAreOnDiskWithinASecond(t *testing.T) {
	for _, pause := range []time.Duration{10 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			d := &disk{slow: 30 * time.Millisecond}
			w := on(t, d)
			began := time.Now()
			type mark struct {
				at   time.Duration
				size int
			}
			size := len(d.raw)
			enc := record.NewEncoder(4096)
			var marks []mark
			for i := range 300 {
				line, err := enc.Append(nil, note(i))
				if err != nil {
					t.Fatal(err)
				}
				size += len(line)
				appendAll(t, w, []record.Event{note(i)})
				marks = append(marks, mark{time.Since(began), size})
				time.Sleep(pause)
				d.mu.Lock()
				for _, m := range marks {
					if time.Since(began)-m.at >= time.Second && d.synced < m.size {
						t.Fatalf("pause %v: %d bytes of %v are not on disk at %v: %d are", pause, m.size, m.at, time.Since(began), d.synced)
					}
				}
				d.mu.Unlock()
			}
			d.mu.Lock()
			syncs := d.syncs
			d.mu.Unlock()
			if took := time.Since(began); float64(syncs) > 3*took.Seconds()+3 {
				t.Errorf("pause %v: %d syncs in %v", pause, syncs, took)
			}
			if err := w.Close(); err != nil || !d.closed || d.synced != len(d.raw) {
				t.Errorf("%v, closed %v, %d of %d on disk", err, d.closed, d.synced, len(d.raw))
			}
			if n := len(left(t, d, len(d.raw)).Events); n != 300 {
				t.Errorf("%d events", n)
			}
		})
	}
}

// A disk that takes 20 s to sync delays no request, and keeps nothing from the
// kernel, which has what a killed process wrote.
func TestSlowDiskDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := on(t, d)
		d.slow = 20 * time.Second
		began := time.Now()
		for i := range 50 {
			appendAll(t, w, []record.Event{note(i)})
			if i == 25 {
				time.Sleep(4 * time.Second) // nothing is appended meanwhile
			} else {
				time.Sleep(100 * time.Millisecond)
			}
			synctest.Wait()
			d.mu.Lock()
			n := len(left(t, d, len(d.raw)).Events)
			d.mu.Unlock()
			if want := i + 1 - 6; n < want || i == 25 && n != 26 {
				t.Fatalf("%d events are with the kernel after %d", n, i+1)
			}
		}
		if took := time.Since(began); took > 9*time.Second {
			t.Errorf("appending took %v", took)
		}
		// All of it comes to be on disk, also what was written during the last sync.
		time.Sleep(50 * time.Second)
		if synctest.Wait(); d.synced != len(d.raw) {
			t.Errorf("%d of %d are on disk at last", d.synced, len(d.raw))
		}
		if d.most != 1 {
			t.Errorf("%d syncs at a time", d.most) // each takes a thread
		}
		appendAll(t, w, []record.Event{note(50)})
		time.Sleep(time.Second) // it is being synced
		if err := w.Close(); err != nil || d.synced != len(d.raw) {
			t.Errorf("%v, %d of %d on disk", err, d.synced, len(d.raw))
		}
	})
}

// What waits takes no more memory than it must, however fast it comes.
func TestFewBytesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := on(t, d)
		for i := range 20_000 {
			appendAll(t, w, []record.Event{note(i)})
			if len(w.buf) > full+100 || cap(w.buf) > 5*full {
				t.Fatalf("%d bytes wait, in %d", len(w.buf), cap(w.buf))
			}
		}
		if err := w.Close(); err != nil || len(left(t, d, len(d.raw)).Events) != 20_000 || d.writes > 40 {
			t.Errorf("%v, %d writes of %d bytes", err, d.writes, len(d.raw))
		}
	})
}

// What a run may end with is on disk before it goes on; the rest waits.
func TestUrgentEventsAreSynced(t *testing.T) {
	r := record.Readings{Metric: []int64{1}, At: []uint32{1}, Latency: []uint32{1}}
	for _, c := range []struct {
		ev   record.Event
		want bool
	}{
		{record.Opened{}, true},
		{record.Lost{}, true},
		{record.Failed{}, true},
		{record.Limited{}, true},
		{record.Ended{}, true},
		{record.Traced{}, true},
		{record.Noted{}, false},
		{record.Began{}, false},
		{r, false},
		{record.Finished{}, false},
		{record.Read{}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := &disk{}
			w := on(t, d)
			appendAll(t, w, []record.Event{note(1), c.ev})
			if got := len(left(t, d, d.synced).Events) == 2; got != c.want {
				t.Errorf("%T: on disk %v, want %v", c.ev, got, c.want)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A full disk ends the journal and not the run: what was written before can be
// read, and the error says which file and why, each time.
func TestFullDisk(t *testing.T) {
	h, events := header(1), some()
	d := &disk{}
	w := on(t, d)
	head := len(d.raw)
	appendAll(t, w, events)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	all := len(d.raw)
	for room := range all {
		d := &disk{room: room}
		w, err := begin("run.jsonl", d, h)
		if room < head {
			isFault(t, err, fault.Usage, "cannot write the journal run.jsonl: no space left on device")
			if !d.closed {
				t.Fatal("the file stays open")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range events {
			_ = w.Append(ev)
		}
		err = w.Close()
		isFault(t, err, fault.Measure, "cannot write on in the journal run.jsonl: no space left on device", "What comes now is not recorded")
		if again := w.Append(events[0]); !same(again, err) || !same(w.Err(), err) || !same(w.Close(), err) {
			t.Fatalf("then %v, %v, %v", again, w.Err(), w.Close())
		}
		writes := d.writes
		_ = w.Append(events[1])
		if d.writes != writes || !d.closed {
			t.Fatal("it is written to after an error, or stays open")
		}
		run := left(t, d, len(d.raw))
		if n := len(run.Events); n > 0 && !reflect.DeepEqual(run.Events, events[:n]) || int64(room) != run.Tail.Bytes+run.Tail.Torn {
			t.Fatalf("room for %d: %+v", room, run)
		}
	}
}

func same(a, b error) bool { return errors.Is(a, b) && errors.Is(b, a) }

// The same with the kernel's full device, for an error that comes later than the
// append it is of.
func TestErrorInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := on(t, d)
		d.room = len(d.raw)
		appendAll(t, w, []record.Event{note(1)})
		time.Sleep(time.Second)
		isFault(t, w.Err(), fault.Measure, "no space left on device")
		isFault(t, w.Append(note(2)), fault.Measure, "no space left on device")
		isFault(t, w.Close(), fault.Measure, "no space left on device")
	})
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		w := on(t, d)
		d.syncErr = unix.EIO
		appendAll(t, w, []record.Event{note(1)})
		time.Sleep(time.Second)
		isFault(t, w.Err(), fault.Measure, "input/output error")
		isFault(t, w.Close(), fault.Measure, "input/output error")
	})
}

// An event that cannot be written leaves no hole: the journal ends before it.
func TestJournalEndsBeforeWhatCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := Create(path, header(1))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, []record.Event{note(1)})
	isFault(t, w.Append(record.Readings{Metric: []int64{1}}), fault.Measure, path, "1 of memory, 0 times")
	isFault(t, w.Append(note(2)), fault.Measure, path, "1 of memory, 0 times")
	isFault(t, w.Close(), fault.Measure, path, "1 of memory, 0 times")
	if run := mustLoad(t, path); !reflect.DeepEqual(run.Events, []record.Event{note(1)}) || run.Tail.Torn != 0 {
		t.Errorf("%+v", run)
	}
}

func TestDeletedFileIsNoticed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "run.jsonl")
	w, err := Create(path, header(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, []record.Event{note(1)})
	isFault(t, w.Append(record.Ended{T: 1}), fault.Measure, path, "the file was deleted")
	isFault(t, w.Close(), fault.Measure, path, "the file was deleted")
}

// A pipe has nothing to lock or to sync.
func TestJournalIntoAPipe(t *testing.T) {
	r, pw, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	w, err := Create("/proc/self/fd/"+strconv.Itoa(int(pw.Fd())), header(1))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, some())
	if err := errors.Join(w.Close(), pw.Close()); err != nil {
		t.Fatal(err)
	}
	j, err := Read("the pipe", r)
	if err != nil {
		t.Fatal(err)
	}
	run, err := j.load()
	if err != nil || !reflect.DeepEqual(run.Events, some()) {
		t.Errorf("%v, %+v", err, run)
	}
}

func TestWriterOfManyGoroutines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := Create(path, header(1))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 200 {
				if err := w.Append(note(i*200 + k)); err != nil {
					t.Error(err)
				}
				if k%90 == 0 {
					_ = w.Append(record.Traced{T: float64(k)})
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(w.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(note(0)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if n := len(mustLoad(t, path).Events); n != 8*203 {
		t.Errorf("%d events", n)
	}
}

// BenchmarkAppend writes Readings of a second at 5,000 requests/s, to a real file.
// The figure to look at is ns/request: a percent of the run is 2,000.
func BenchmarkAppend(b *testing.B) {
	w, err := Create(filepath.Join(b.TempDir(), "run.jsonl"), header(100))
	if err != nil {
		b.Fatal(err)
	}
	const n = 5000
	r := record.Readings{Sent: n, Answers: record.Answers{Status: map[int]int{200: n}, Bytes: n * 900}}
	for i := range n {
		r.Metric, r.At = append(r.Metric, int64(180<<20+i/50*4096)), append(r.At, uint32(2*i))
		r.Latency = append(r.Latency, uint32(180+(i*7919)%60))
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Append(r); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/request")
}
