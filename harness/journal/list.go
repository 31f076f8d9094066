package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// Entry is a journal as its first and last lines describe it.
type Entry struct {
	Path     string
	Scenario record.Scenario
	Started  time.Time
	URIs     int
	Seconds  float64 // from the start of the run to the last event
	Bytes    int64   // of the file
	Complete bool
	Running  bool   // a process writes it
	PID      int    // of that process; 0 where it is not known
	Why      string // it is not complete: a clause; "" where it is
	Err      error  // it cannot be read: a usage fault; then only Path, Bytes and Started hold

	began bool // there is an event
	open  bool // the last is not Ended
}

// List describes the journals of a folder, of the default one for "", the newest
// first. It returns a usage fault for a folder that cannot be read, and nothing
// for one that is not there. Files that are no journals are left out, unless they
// are called like one of ours.
func List(dir string) ([]Entry, error) {
	if dir == "" {
		var err error
		if dir, err = Folder(); err != nil {
			return nil, err
		}
	}
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Usagef("cannot list the journals in %s", clean(dir)).Because(bare(err))
	}
	var out []Entry
	for _, file := range files {
		name := file.Name()
		if !strings.HasSuffix(strings.TrimSuffix(name, ".gz"), ".jsonl") {
			continue
		}
		if e, ok := entry(filepath.Join(dir, name)); ok || ours.MatchString(name) {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Entry) int {
		return cmp.Or(b.Started.Compare(a.Started), strings.Compare(b.Path, a.Path))
	})
	return out, nil
}

// Last is the newest journal of a folder, of the default one for "". It returns a
// usage fault where there is none.
func Last(dir string) (string, error) {
	all, err := List(dir)
	if err != nil {
		return "", err
	}
	for _, e := range all {
		if e.Err == nil {
			return e.Path, nil
		}
	}
	return "", fault.Usagef("no journal of a run is kept").WithHint("Run a scenario first, or name a file.")
}

// entry describes a file. ok is false for one that is no journal.
func entry(path string) (e Entry, ok bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return Entry{Path: path, Err: unreadable(path, cmp.Or(err, errors.New("it is not a regular file")))}, false
	}
	f, err := openFile(path, os.O_RDONLY)
	if err != nil {
		return Entry{Path: path, Started: info.ModTime(), Bytes: info.Size(), Err: unreadable(path, err)}, true
	}
	defer f.Close()
	running := isTaken(f) // asked first: the run may end while the file is read
	if e = look(path, f); running && e.open {
		e.Running, e.PID, e.Why = true, holder(f), "it is running"
		if e.PID > 0 {
			e.Why = fmt.Sprintf("it is running (process %d)", e.PID)
		}
	}
	return e, !errors.Is(e.Err, record.ErrForeign) && !errors.Is(e.Err, record.ErrEmpty)
}

// look describes an open file, whether or not a run has locked it.
func look(path string, f *os.File) Entry {
	e := Entry{Path: path}
	info, err := f.Stat()
	if err != nil {
		e.Err = unreadable(path, err)
		return e
	}
	e.Started, e.Bytes = info.ModTime(), info.Size()
	h, end, err := ends(f, info.Size())
	if err != nil {
		e.Err = unreadable(path, err)
		return e
	}
	e.Scenario, e.URIs, e.Seconds, e.began = h.Scenario, len(h.Items), end.seconds, end.last != nil
	if at, err := time.Parse(time.RFC3339, h.StartedAt); err == nil {
		e.Started = at
	}
	switch ended, ok := end.last.(record.Ended); {
	case !ok:
		e.open, e.Why = true, "it was killed, or its journal could not be written to its end"
	case ended.Complete:
		e.Complete = true
	default:
		e.Why = cmp.Or(ended.Reason, ended.By, "it was ended early")
	}
	return e
}
