package journal

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// header is that of a run with so many URIs.
func header(uris int) record.Header {
	h := record.Header{
		Version: record.Version, Tool: "1.0", StartedAt: "2026-11-28T16:45:10Z", Seed: 7,
		Scenario: record.Scenario{Name: "shop", Path: "shop.yaml", SHA256: "ab12"}, Environment: record.Environment{OS: "linux", CPUs: 2, PageBytes: 4096},
		Plan: record.Plan{Target: "command", Metric: "rss", Rounds: 5},
	}
	for i := range uris {
		h.Items = append(h.Items, record.Item{Name: fmt.Sprintf("page %d", i), Method: "GET", URI: fmt.Sprintf("/%d", i)})
	}
	return h
}

// some are events of a run that does not end.
func some() []record.Event {
	edge := record.Edge{T: 1.25, RSS: 40 << 20, Anon: 30 << 20, Metric: 40 << 20, Counters: []float64{120_000, 9.5e6}}
	return []record.Event{
		record.Noted{Code: "swap-in-use", Message: "the process has pages in swap"},
		record.Opened{T: 1, Process: record.Process{Kind: "command", PID: 4242, Start: 99}, Fresh: edge},
		record.Began{T: 1.5, URI: 0, Purpose: record.Sweep, Round: 1, N: 3, Start: edge},
		record.Readings{Metric: []int64{41 << 20, 41 << 20, 40 << 20}, At: []uint32{15_000, 15_020, 15_041}, Latency: []uint32{2100, 0, 1950}, Sent: 4},
		record.Finished{End: edge},
		record.Read{Waited: 6, Edge: record.Edge{T: 8}},
	}
}

// make writes a journal and closes it.
func write(t testing.TB, path string, h record.Header, events ...record.Event) string {
	t.Helper()
	w, err := Create(path, h)
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, w, events)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Path()
}

func appendAll(t testing.TB, w *Writer, events []record.Event) {
	t.Helper()
	for _, ev := range events {
		if err := w.Append(ev); err != nil {
			t.Fatal(err)
		}
	}
}

func mustLoad(t testing.TB, path string) *Run {
	t.Helper()
	run, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// isFault fails unless err is a fault of that kind, with a hint, and a text that
// has all parts.
func isFault(t testing.TB, err error, kind fault.Kind, parts ...string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind || f.Hint == "" {
		t.Fatalf("%v (%+v), want a fault of kind %d with a hint", err, f, kind)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error()+". "+f.Hint, p) {
			t.Errorf("%q, hint %q: want %q in it", err, f.Hint, p)
		}
	}
}

func TestWrittenJournalIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	h, events := header(2), some()
	write(t, path, h, events...)
	run := mustLoad(t, path)
	if !reflect.DeepEqual(run.Header, h) || !reflect.DeepEqual(run.Events, events) || run.Tail.Torn != 0 {
		t.Errorf("got %+v, want %+v %+v", run, h, events)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != run.Tail.Bytes {
		t.Errorf("%v, %v, %+v", err, info, run.Tail)
	}
}

func compress(t testing.TB, raw []byte) []byte {
	t.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

func TestCompressedJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	write(t, path, header(2), some()...)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	z := compress(t, raw)
	if !Sniff(raw[:64]) || !Sniff(z[:64]) || Sniff([]byte(`{"schema_version": 1}`)) || Sniff(nil) {
		t.Error("a journal is not recognised by how it begins")
	}
	if err := os.WriteFile(path+".gz", z, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := mustLoad(t, path+".gz"), mustLoad(t, path); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// However short it is cut, nothing is taken for whole that is not.
	for n := range len(z) {
		j, err := Read("run.gz", bytes.NewReader(z[:n]))
		if err == nil {
			_, err = j.load()
		}
		isFault(t, err, fault.Usage, "run.gz")
		if n > 100 && !strings.HasSuffix(err.Error(), "the compressed file is cut short") {
			t.Fatalf("%d of %d bytes: %v", n, len(z), err)
		}
	}
	_, _, err = Resume(path + ".gz")
	isFault(t, err, fault.Usage, path+".gz")
}

// Whatever is wrong with a file is said, with its name and what to do.
func TestOpenNamesWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.jsonl")
	write(t, path, header(2), some()...)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Replace(raw, []byte(`"swap-in-use"`), []byte(`"swap-in-usd"`), 1)
	for name, c := range map[string]struct {
		raw  []byte
		want []string
	}{
		"empty":   {nil, []string{"holds no run: it is empty", "Nothing was recorded: run the scenario again."}},
		"cut":     {raw[:100], []string{"holds no run: it ends within its first line"}},
		"foreign": {[]byte("hello\n"), []string{"cannot be used as a journal: it is not a journal of leakhunt", "leakhunt runs"}},
		"newer":   {bytes.Replace(raw, []byte(`"version":1`), []byte(`"version":9`), 1), []string{"its format has version 9, and this leakhunt reads up to version 2 (leakhunt 1.0 wrote it)", "or a newer one"}},
		"flipped": {flipped, []string{"is damaged: line 2: its checksum is wrong", "head -n 1 > whole.jsonl"}},
		"first":   {bytes.Replace(raw, []byte(`"tool":"1.0"`), []byte(`"tool":"1.1"`), 1), []string{"is damaged: line 1:", "Nothing in it can be used"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, "a b.jsonl")
			if err := os.WriteFile(file, c.raw, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(file)
			isFault(t, err, fault.Usage, append(c.want, file)...)
			_, _, err = Resume(file)
			isFault(t, err, fault.Usage, append(c.want, file)...)
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, c.raw) {
				t.Error("a file that cannot be gone on with was changed")
			}
		})
	}
	_, err = Load(filepath.Join(dir, "none.jsonl"))
	isFault(t, err, fault.Usage, "none.jsonl: no such file or directory", "leakhunt runs")
	_, err = Load(dir)
	isFault(t, err, fault.Usage, dir+": is a directory")
	_, err = Read("a\nb", strings.NewReader(""))
	isFault(t, err, fault.Usage, `"a\nb"`)
	j, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, err := range j.Events() {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	isFault(t, j.Refuse(errors.New("it came too early")), fault.Usage, path+" is damaged: line 2: it came too early", "head -n 1 ")
}
