package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

func TestParseSink(t *testing.T) {
	for in, want := range map[string]Sink{
		"json":           {"json", ""},
		"json=-":         {"json", ""},
		"json=out.json":  {"json", "out.json"},
		"table=a=b.txt":  {"table", "a=b.txt"},
		"json=./-":       {"json", "./-"},
		"table=/dev/fd1": {"table", "/dev/fd1"},
	} {
		got, err := ParseSink(in)
		if err != nil || got != want {
			t.Errorf("ParseSink(%q) = %+v, %v, want %+v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "xml", "JSON", "json=", "=x", "x\x1b[0m=y"} {
		_, err := ParseSink(in)
		if fault.KindOf(err) != fault.Usage || fault.HintOf(err) == "" {
			t.Errorf("ParseSink(%q): %v, want a usage fault with a hint", in, err)
		}
	}
}

func TestWriteAllGoesOn(t *testing.T) {
	dir := t.TempDir()
	good, link := filepath.Join(dir, "a.json"), filepath.Join(dir, "link.txt")
	old := filepath.Join(dir, "old.txt")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(old, link); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	err := WriteAll([]Sink{
		{"table", filepath.Join(dir, "none", "a.txt")},
		{"json", dir},
		{"xml", filepath.Join(dir, "x.xml")},
		{"json", good},
		{"table", link},
		{"table", ""},
	}, &stdout, sample(), Options{Color: true})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"none", "cannot write " + dir, "no output format"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %q", err, want)
		}
	}
	if fault.KindOf(err) != fault.Usage {
		t.Errorf("kind %v", fault.KindOf(err))
	}
	if !strings.Contains(stdout.String(), "\x1b[") {
		t.Error("standard output has no colour")
	}
	f, err := os.Open(good)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := Read(f); err != nil {
		t.Error(err)
	}
	table, err := os.ReadFile(old)
	if err != nil || !bytes.HasPrefix(table, []byte("#")) || bytes.ContainsRune(table, '\x1b') {
		t.Errorf("the file behind the link holds %q, %v", table, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
	if info, err := os.Stat(old); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("the permissions changed")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%d entries, want a.json, link.txt and old.txt: %v, %v", len(entries), entries, err)
	}
}

// A report that is half written has no name: a program that is killed leaves none of it.
func TestWriteFileLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	err := WriteFile(filepath.Join(dir, "r.json"), func(w io.Writer) error {
		_, err := w.Write(make([]byte, 1<<16))
		if found, e := os.ReadDir(dir); e != nil || len(found) > 0 {
			t.Errorf("%v is there while it is written, %v", found, e)
		}
		return err
	})
	if found, e := os.ReadDir(dir); err != nil || e != nil || len(found) != 1 || found[0].Name() != "r.json" {
		t.Errorf("%v: %v, %v", found, err, e)
	}
}

// A format that fails leaves what was there before.
func TestWriteFileIsAtomic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no")
	err := WriteFile(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("file holds %q, %v", got, err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("pipe is closed") }

func TestWriteReportsTheWriter(t *testing.T) {
	for _, f := range Formats() {
		if err := Write(failing{}, f, sample(), Options{}); err == nil || !strings.Contains(err.Error(), "pipe is closed") {
			t.Errorf("%s: error %v", f, err)
		}
	}
}

// A number that JSON cannot hold is an error, and leaves no file.
func TestNotFinite(t *testing.T) {
	r := sample()
	r.URIs[0].Growth = 1 / zero
	path := filepath.Join(t.TempDir(), "r.json")
	if err := WriteAll([]Sink{{"json", path}}, io.Discard, r, Options{}); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was left: %v", err)
	}
}

var zero float64

// Secrets are taken out of every format, numbers that look like one are not:
// the result is still one, and what is rendered from its file is the same.
func TestRedact(t *testing.T) {
	hide := func(s string) string { return strings.NewReplacer("feed", "HIDDEN", "4096", "HIDDEN").Replace(s) }
	r := sample()
	r.URIs[0].Why, r.Target.Settings[0] = "It keeps 4096 of them.", "PIN=4096"
	clean := Redact(r, hide)
	if r.URIs[0].Name != "/feed" || r.Target.Settings[0] != "PIN=4096" {
		t.Error("the result that was given was changed")
	}
	back, err := Read(bytes.NewReader(render(t, "json", clean, Options{})))
	if err != nil {
		t.Fatal(err)
	}
	if back.Environment.PageBytes != 4096 || back.URIs[0].Why != "It keeps HIDDEN of them." || back.Target.Settings[0] != "PIN=HIDDEN" {
		t.Errorf("%+v", back.URIs[0])
	}
	for _, f := range Formats() {
		out := render(t, f, clean, Options{})
		if bytes.Contains(out, []byte("feed")) || !bytes.Contains(out, []byte("HIDDEN")) {
			t.Errorf("%s is not redacted", f)
		}
		if again := render(t, f, back, Options{}); !bytes.Equal(out, again) {
			t.Errorf("%s: %s", f, firstDifference(string(out), string(again)))
		}
	}
}

// A record is redacted as a result is, and judged as before: what verdicts follow
// from stays.
func TestRedactRecord(t *testing.T) {
	hide := func(s string) string {
		return strings.NewReplacer("hush", "HIDDEN", "bytes", "HIDDEN", "2026", "HIDDEN").Replace(s)
	}
	h := record.Header{
		StartedAt: "2026-11-28T16:45:10Z", Command: []string{"leakhunt", "run", "hush.yaml"},
		Items: []record.Item{{Name: "/hush", URI: "/?k=hush", Ignore: &record.Ignore{Reason: "hush", Until: "2026-12-01"}}},
	}
	clean := Redact(h, hide)
	if i := clean.Items[0]; clean.StartedAt != h.StartedAt || clean.Command[2] != "HIDDEN.yaml" || i.Name != "/HIDDEN" || i.Ignore.Reason != "HIDDEN" || i.Ignore.Until != "2026-12-01" {
		t.Errorf("%+v", clean)
	}
	if h.Items[0].Ignore.Reason != "hush" || h.Command[2] != "hush.yaml" {
		t.Error("the header that was given was changed")
	}
	var e record.Event = record.Opened{Process: record.Process{App: "hush", Settings: []string{"K=hush"}}, Columns: []record.Column{{Name: "hush", Unit: "bytes"}}}
	o, ok := Redact(e, hide).(record.Opened)
	if !ok || o.Process.App != "HIDDEN" || o.Process.Settings[0] != "K=HIDDEN" || o.Columns[0] != (record.Column{Name: "HIDDEN", Unit: "bytes"}) {
		t.Errorf("%+v", o)
	}
	numbers := record.Readings{Metric: []int64{1}, At: []uint32{2}, Latency: []uint32{3}, Failure: "hush"}
	r, ok := Redact(record.Event(numbers), hide).(record.Readings)
	if !ok || r.Failure != "HIDDEN" || &r.Metric[0] != &numbers.Metric[0] {
		t.Errorf("%+v", r)
	}
}

// A table in a file is the same from every terminal.
func TestFileWidth(t *testing.T) {
	dir := t.TempDir()
	var texts []string
	for i, width := range []int{0, 60, 200} {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := WriteAll([]Sink{{"table", path}}, nil, sample(), Options{Width: width, Color: true}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	if texts[0] != texts[1] || texts[0] != texts[2] || texts[0] != string(render(t, "table", sample(), Options{})) {
		t.Errorf("%q", texts)
	}
}

// What would keep a report from being written is known beforehand.
func TestCheckPath(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "r.json"): "", "/dev/null": "", dir: "is a directory",
		filepath.Join(dir, "no", "r.json"): "no such file or directory", filepath.Join(dir, strings.Repeat("x", 300)): "too long",
	} {
		err := CheckPath(path)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
