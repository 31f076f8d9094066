package scenarios

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

// environment is what the test scenarios know of it.
func environment(name string) (string, bool) {
	v, ok := map[string]string{
		"ADMIN_PASSWORD": "correct horse", "TOKEN": "t0p-s3cret", "EMPTY": "",
		"WORD": "s3cr3t-word", "NUMBER": "12", "TIMEOUT": "s3cr3t-time", "A": "s3cr3t-a",
	}[name]
	return v, ok
}

// hidden are values that no error may show, whatever it complains of.
var hidden = []string{
	"correct horse", "t0p-s3cret", "s3cr3t", `hun"ter2`, `hun\"ter2`, "it's", "it''s", "tok-en-1", "b0b-pass",
}

func glob(t testing.TB, pattern string, least int) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) < least {
		t.Fatalf("%s: %d files, at least %d expected (%v)", pattern, len(files), least, err)
	}
	return files
}

func TestBadScenarios(t *testing.T) {
	for _, file := range glob(t, "testdata/bad/*.yaml", 60) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, err := Load(file, Options{LookupEnv: environment})
			if err == nil || s != nil {
				t.Fatalf("scenario %v and error %v: an error alone expected", s, err)
			}
			if fault.KindOf(err) != fault.Usage {
				t.Errorf("kind %v: not a Usage fault", fault.KindOf(err))
			}
			var problems *Errors
			if !errors.As(err, &problems) {
				t.Fatalf("%T is no *Errors", err)
			}
			for _, p := range problems.Problems {
				if p.Message == "" || p.Fix == "" || p.File != file {
					t.Errorf("incomplete: %+v", p)
				}
			}
			for _, v := range hidden {
				if strings.Contains(err.Error(), v) {
					t.Errorf("the error shows %q:\n%v", v, err)
				}
			}
			compare(t, strings.TrimSuffix(file, ".yaml")+".golden", err.Error()+"\n")
		})
	}
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant (%s)\n%s", got, golden, want)
	}
}

func TestNoGoldenWithoutScenario(t *testing.T) {
	for _, file := range glob(t, "testdata/bad/*.golden", 60) {
		if _, err := os.Stat(strings.TrimSuffix(file, ".golden") + ".yaml"); err != nil {
			t.Error(err)
		}
	}
}

// Every problem stands in the file's order, and none twice.
func TestProblemsAreSorted(t *testing.T) {
	_, err := Load("testdata/bad/uris.yaml", Options{LookupEnv: environment})
	var e *Errors
	if !errors.As(err, &e) || len(e.Problems) < 15 {
		t.Fatalf("%v", err)
	}
	lines := make([]int, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Line
	}
	if !slices.IsSorted(lines) {
		t.Errorf("lines %v", lines)
	}
}
