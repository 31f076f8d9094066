package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// state has the default folder in a folder of the test.
func state(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	return filepath.Join(dir, "leakhunt", "runs")
}

func TestDefaultFolder(t *testing.T) {
	dir := state(t)
	path := write(t, "", header(1))
	if filepath.Dir(path) != dir || !ours.MatchString(filepath.Base(path)) || !strings.HasPrefix(filepath.Base(path), "2026-11-28T16-45-10-shop-") {
		t.Errorf("%s, want it in %s", path, dir)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	t.Setenv("HOME", "/home/x")
	for _, s := range []string{"", "relative"} {
		t.Setenv("XDG_STATE_HOME", s)
		if got, err := Folder(); err != nil || got != "/home/x/.local/state/leakhunt/runs" {
			t.Errorf("XDG_STATE_HOME=%q: %q, %v", s, got, err)
		}
	}
	t.Setenv("HOME", "")
	_, err := Create("", header(1))
	isFault(t, err, fault.Usage, "--journal PATH")
}

// A name is one of ours, whatever the scenario is called.
func TestFileName(t *testing.T) {
	for name, want := range map[string]string{
		"shop": "shop", "../../etc/passwd": "..-..-etc-passwd", "a b/c": "a-b-c", "": "run", "///": "run", "\x1b[31m\n\x00": "31m", "Köln": "Köln",
		"\xff": "run", strings.Repeat("日", 300): strings.Repeat("日", 40), "-": "-",
	} {
		h := header(1)
		h.Scenario.Name = name
		got := fileName(h)
		if !ours.MatchString(got) || filepath.Base(got) != got || len(got) > 255 || got[20:len(got)-11] != want {
			t.Errorf("%q: %q, want %q in it", name, got, want)
		}
	}
	h := header(1)
	h.StartedAt = "yesterday"
	if got := fileName(h); !ours.MatchString(got) {
		t.Errorf("without a time: %q", got)
	}
}

// The last journals stay, and so do files that are none of ours, and what another
// run writes.
func TestOldJournalsAreDeleted(t *testing.T) {
	dir := state(t)
	at := func(i int) record.Header {
		h := header(1)
		h.StartedAt = fmt.Sprintf("2026-01-%02dT00:00:00Z", i)
		return h
	}
	busy, err := Create("", at(1))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	stay := []string{
		"2020-01-01T00-00-00-shop-ab12.jsonl",    // called like ours, and somebody's own
		"2020-01-01T00-00-00-shop-ab12.jsonl.gz", // compressed by the user
		"notes.jsonl", "2020-01-01.txt",
	}
	for _, name := range stay {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "2020-01-01T00-00-00-dir-ab12.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "2020-01-02T00-00-00-shop-ab12.jsonl")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for i := range Kept + 5 {
		paths = append(paths, write(t, "", at(2+i)))
	}
	for i, p := range paths {
		if _, err := os.Stat(p); (err == nil) != (i >= 5) {
			t.Errorf("journal %d of %d: %v", i, len(paths), err)
		}
	}
	if _, err := os.Stat(empty); err == nil {
		t.Error("an empty journal stays")
	}
	for _, name := range append(stay, filepath.Base(busy.Path()), "2020-01-01T00-00-00-dir-ab12.jsonl") {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s was deleted: %v", name, err)
		}
	}
}

func TestTwoRunsCannotWriteOneJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	w, err := Create(path, header(1))
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, some())
	_, err = Create(path, header(1))
	isFault(t, err, fault.Usage, "this process writes the journal "+path)
	_, _, err = Resume(path)
	isFault(t, err, fault.Usage, "this process writes the journal "+path)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w, run, err := Resume(path)
	if err != nil || len(run.Events) != len(some()) {
		t.Fatalf("%v, %+v", err, run)
	}
	defer w.Close()
	_, _, err = Resume(path)
	isFault(t, err, fault.Usage, "this process writes the journal "+path)
}

// What was measured is not replaced, unless its run is complete.
func TestCreateReplacesOnlyWhatIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		make func(path string)
		want []string // parts of the fault; none: it is replaced
	}{
		"complete":    {func(p string) { write(t, p, header(1), append(some(), record.Ended{T: 9, Complete: true})...) }, nil},
		"no event":    {func(p string) { write(t, p, header(1)) }, nil},
		"empty":       {func(p string) { create1(t, p, "") }, nil},
		"cut":         {func(p string) { create1(t, p, `{"e":"leakhunt-journal","ver`) }, nil},
		"interrupted": {func(p string) { write(t, p, header(1), append(some(), record.Ended{T: 9, By: "interrupt"})...) }, []string{"did not end: interrupt", "--resume"}},
		"killed":      {func(p string) { write(t, p, header(1), some()...) }, []string{"did not end: it was killed", "--resume"}},
		"other file":  {func(p string) { create1(t, p, "version: 1\n") }, []string{"is there already, and is not a journal"}},
		"damaged":     {func(p string) { write(t, p, header(1), some()...); damage(t, p) }, []string{"is damaged: line"}},
		"folder":      {func(p string) { _ = os.Mkdir(p, 0o700) }, []string{"is a directory", "--journal PATH"}},
		"full device": {func(p string) { _ = os.Symlink("/dev/full", p) }, []string{"no space left on device"}},
		"no folder":   {func(p string) { _ = os.Symlink("/nowhere/x", p) }, []string{"no such file or directory"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "run.jsonl")
			c.make(path)
			before := content(path)
			w, err := Create(path, header(3))
			if c.want != nil {
				isFault(t, err, fault.Usage, append(c.want, path)...)
				if after := content(path); after != before {
					t.Error("the file was changed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if run := mustLoad(t, path); len(run.Header.Items) != 3 || len(run.Events) != 0 || run.Tail.Torn != 0 {
				t.Errorf("%+v", run)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

// content is what a regular file holds.
func content(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	raw, _ := os.ReadFile(path)
	return string(raw)
}

func create1(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// damage changes a letter in the middle of a file.
func damage(t testing.TB, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)*2/3] ^= 1
	create1(t, path, string(raw))
}

// In a folder that may not be written to, whoever runs the test.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	write(t, path, header(1), some()...)
	for p, mode := range map[string]os.FileMode{path: 0o444, dir: 0o555, filepath.Dir(dir): 0o755} {
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	done := make(chan [2]error)
	go func() {
		runtime.LockOSThread() // it ends with the goroutine, and the identity with it
		var errs [2]error
		if os.Getuid() == 0 {
			if _, err := unix.SetfsuidRetUid(65534); err != nil { // root may write anywhere
				done <- [2]error{err, err}
				return
			}
		}
		_, errs[0] = Create(filepath.Join(dir, "new.jsonl"), header(1))
		_, _, errs[1] = Resume(path)
		done <- errs
	}()
	errs := <-done
	isFault(t, errs[0], fault.Usage, "new.jsonl: permission denied", "--journal PATH")
	isFault(t, errs[1], fault.Usage, path+": permission denied", "Go on with a copy")
}

func TestRowsOfLocks(t *testing.T) {
	type want struct {
		pid   int
		inode uint64
	}
	for row, w := range map[string]want{
		"1: FLOCK  ADVISORY  WRITE 4242 fe:00:1835071 0 EOF":    {4242, 1835071},
		"12: FLOCK  ADVISORY  READ  7 08:01:5 0 EOF":            {7, 5},
		"1: -> FLOCK  ADVISORY  WRITE 4243 fe:00:1835071 0 EOF": {},
		"2: POSIX  ADVISORY  WRITE 4242 fe:00:1835071 0 EOF":    {},
		"3: OFDLCK ADVISORY  WRITE -1 fe:00:1835071 0 EOF":      {},
		"1: FLOCK  ADVISORY  WRITE x fe:00:1835071 0 EOF":       {},
		"1: FLOCK  ADVISORY  WRITE 1 fe:00:x 0 EOF":             {},
		"1: FLOCK": {},
		"":         {},
	} {
		if pid, inode := holding(row); (want{pid, inode}) != w {
			t.Errorf("%q: %d, %d, want %+v", row, pid, inode, w)
		}
	}
}

// Who has another file of that inode number locked is not named.
func TestHolderHasTheFileOpen(t *testing.T) {
	info, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if has(os.Getpid(), info) || has(1<<30, info) {
		t.Error("a file that is not open is said to be")
	}
}

// A file that was deleted, or replaced, between being opened and being locked is
// not taken for the one at that path.
func TestInPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	create1(t, path, "")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !inPlace(f, path) {
		t.Error("a file is not where it was opened")
	}
	if err := errors.Join(os.Rename(path, path+"x")); err != nil {
		t.Fatal(err)
	}
	if inPlace(f, path) {
		t.Error("a file that was moved is still in place")
	}
	create1(t, path, "")
	if inPlace(f, path) {
		t.Error("another file is taken for it")
	}
}
