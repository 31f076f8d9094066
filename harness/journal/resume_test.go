package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// Wherever a journal is torn, it is gone on with: what was whole stays, and the
// file ends as if nothing had happened.
func TestResumeCutsATornTail(t *testing.T) {
	dir := t.TempDir()
	h, events := header(1), some()
	want, err := os.ReadFile(write(t, filepath.Join(dir, "whole.jsonl"), h, events...))
	if err != nil {
		t.Fatal(err)
	}
	head := bytes.IndexByte(want, '\n') + 1
	path := filepath.Join(dir, "run.jsonl")
	for n := head; n <= len(want); n++ {
		if err := os.WriteFile(path, want[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		whole := bytes.Count(want[:n], []byte("\n")) - 1
		w, run, err := Resume(path)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if len(run.Events) != whole || whole > 0 && !reflect.DeepEqual(run.Events, events[:whole]) || run.Tail.Bytes+run.Tail.Torn != int64(n) {
			t.Fatalf("%d bytes: %+v", n, run)
		}
		if info, err := os.Stat(path); err != nil || info.Size() != run.Tail.Bytes {
			t.Fatalf("%d bytes: %v, %v after the cut", n, err, info)
		}
		appendAll(t, w, events[whole:])
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes: %v\n%s\nwant\n%s", n, err, got, want)
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	dir := t.TempDir()
	complete := write(t, filepath.Join(dir, "complete.jsonl"), header(1), append(some(), record.Ended{T: 9, Complete: true})...)
	before, err := os.ReadFile(complete)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = Resume(complete)
	isFault(t, err, fault.Usage, "the run of the journal "+complete+" is complete", "leakhunt report")
	if after, err := os.ReadFile(complete); err != nil || !bytes.Equal(before, after) {
		t.Error("it was changed")
	}
	_, _, err = Resume(dir)
	isFault(t, err, fault.Usage, dir+": it is not a regular file")
	_, _, err = Resume(filepath.Join(dir, "none.jsonl"))
	isFault(t, err, fault.Usage, "none.jsonl: no such file or directory")
	if _, err := os.Stat(filepath.Join(dir, "none.jsonl")); err == nil {
		t.Error("a file was made")
	}

	interrupted := write(t, filepath.Join(dir, "interrupted.jsonl"), header(1), append(some(), record.Ended{T: 9, By: "interrupt"})...)
	w, run, err := Resume(interrupted)
	if err != nil || len(run.Events) != len(some())+1 {
		t.Fatalf("%v, %+v", err, run)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
