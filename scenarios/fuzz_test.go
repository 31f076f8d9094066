package scenarios

import (
	"errors"
	"os"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

// Whatever the bytes: no panic; a scenario or an error, never both nor none; a
// scenario has URIs with unique names; an error shows no secret.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml"} {
		for _, file := range glob(f, pattern, 14) {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	const value = "Zq7!hidden"
	env := func(name string) (string, bool) { return value, len(name)%2 == 0 }
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data, "testdata/good/fuzz.yaml", Options{LookupEnv: env})
		if (s == nil) == (err == nil) {
			t.Fatalf("scenario %v and error %v", s, err)
		}
		if err != nil {
			var e *Errors
			if !errors.As(err, &e) || len(e.Problems) == 0 || fault.KindOf(err) != fault.Usage {
				t.Fatalf("%T %v", err, err)
			}
			if strings.Contains(err.Error(), value) && !strings.Contains(string(data), value) {
				t.Fatalf("the environment is shown: %v", err)
			}
			return
		}
		names := map[string]bool{}
		for _, u := range s.URIs {
			if u.Name == "" || names[u.Name] || u.Method == "" || u.URI == "" {
				t.Fatalf("%+v", u)
			}
			names[u.Name] = true
		}
		if len(names) == 0 || s.Target.Kind == "" || s.Rounds < 1 {
			t.Fatalf("%+v", s)
		}
	})
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"512B", "1.5KiB", "-1", "99999999999999999999GiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, fix := parseSize(s); n < 0 || fix != "" && n != 0 {
			t.Errorf("%q: %d, %q", s, n, fix)
		}
	})
}
