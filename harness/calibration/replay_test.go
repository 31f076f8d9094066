package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"
)

// TestReplay judges journals of live runs, which are in testdata/replay, as the text
// says:
//
//	recorded NAME URI VERDICT   # as if the run had said so
//	truth NAME URI BYTES        # as if that were true
//	cut NAME BYTES              # the journal ends within its last line
//	flip NAME                   # a bit in its middle is another
//	forget NAME                 # nothing was recorded, and no truth is known
//	replay [without=RULE] [json]
func TestReplay(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/replay")); err != nil {
		t.Fatal(err)
	}
	datadriven.RunTest(t, "testdata/replay.txt", func(t *testing.T, d *datadriven.TestData) string {
		arg := func(i int) string { return d.CmdArgs[i].Key }
		switch d.Cmd {
		case "recorded":
			var all []Recorded
			edit(t, filepath.Join(dir, arg(0)+".verdicts.json"), &all, func() {
				for i := range all {
					if all[i].URI == arg(1) {
						scan(t, arg(2), &all[i].Verdict)
					}
				}
			})
		case "truth":
			all := map[string]float64{}
			edit(t, filepath.Join(dir, arg(0)+".truth.json"), &all, func() {
				var v float64
				scan(t, arg(2), &v)
				all[arg(1)] = v
			})
		case "cut":
			n := 0
			scan(t, arg(1), &n)
			unpack(t, filepath.Join(dir, arg(0)), func(text []byte) []byte { return text[:len(text)-n] })
		case "flip":
			unpack(t, filepath.Join(dir, arg(0)), func(text []byte) []byte {
				text[len(text)/2] ^= 1
				return text
			})
		case "forget":
			for _, end := range []string{".verdicts.json", ".truth.json"} {
				if err := os.Remove(filepath.Join(dir, arg(0)+end)); err != nil {
					t.Fatal(err)
				}
			}
		case "replay":
			args := []string{"-replay", dir}
			var rule string
			if d.MaybeScanArgs(t, "without", &rule) {
				args = append(args, "-without", rule)
			}
			if d.HasArg("json") {
				args = append(args, "-o", "json")
			}
			var out bytes.Buffer
			if err := calibrate(context.Background(), args, &out, io.Discard, frozen); err != nil {
				fmt.Fprintf(&out, "\nerror: %v\n", err)
			}
			return strings.ReplaceAll(out.String(), dir, "DIR")
		default:
			d.Fatalf(t, "no command %s", d.Cmd)
		}
		return ""
	})
}

func edit(t *testing.T, path string, v any, change func()) {
	t.Helper()
	if err := readJSON(path, v); err != nil {
		t.Fatal(err)
	}
	change()
	if err := writeJSON(path, v); err != nil {
		t.Fatal(err)
	}
}

// unpack takes a journal out of its compressed file, and changes it.
func unpack(t *testing.T, base string, change func([]byte) []byte) {
	t.Helper()
	f, err := os.Open(base + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(base+".jsonl", change(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(base + ".jsonl.gz"); err != nil {
		t.Fatal(err)
	}
}

// scan reads one value of a text.
func scan(t *testing.T, text string, to any) {
	t.Helper()
	if _, err := fmt.Sscan(text, to); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
}
