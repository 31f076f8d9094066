package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/result"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from what is rendered now; -update rewrites it.\n%s", path, firstDifference(string(want), string(got)))
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := 0; i < len(w) && i < len(g); i++ {
		if w[i] != g[i] {
			return "- " + w[i] + "\n+ " + g[i]
		}
	}
	return "one is longer than the other"
}

func render(t *testing.T, format string, r *result.Result, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, format, r, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	short := slices.DeleteFunc(hostileNames(), func(s string) bool { return len(s) > 100 })
	for _, f := range Formats() {
		t.Run(f, func(t *testing.T) {
			golden(t, "sample."+f+".golden", render(t, f, sample(), Options{}))
			golden(t, "hostile."+f+".golden", render(t, f, named(short), Options{}))
		})
	}
	for name, o := range map[string]Options{
		"table-60": {Width: 60}, "table-200": {Width: 200}, "table-color": {Width: 80, Color: true},
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, "sample."+name+".golden", render(t, "table", sample(), o))
		})
	}
}

// A later report from the result file is the same, byte for byte.
func TestAgainFromFile(t *testing.T) {
	for _, r := range []*result.Result{sample(), hostile()} {
		back, err := Read(bytes.NewReader(render(t, "json", r, Options{})))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range Formats() {
			first := render(t, f, r, Options{})
			if again := render(t, f, back, Options{}); !bytes.Equal(first, again) {
				t.Errorf("%s: %s", f, firstDifference(string(first), string(again)))
			}
		}
	}
}
