package imports

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/scenarios"
)

var update = flag.Bool("update", false, "write the golden files anew")

// planted stands in every fixture where a secret belongs.
const planted = "Zq7hidden"

// golden renders what was found to a file, a data file beside it, and checks that
// the scenario loads once its placeholders have values, with and without data.
func golden(t *testing.T, f *Found, name string) {
	t.Helper()
	for _, inline := range []bool{false, true} {
		text := render(t, f, inline)
		if strings.Contains(text, planted) {
			t.Errorf("a secret is shown:\n%s", text)
		}
		if inline {
			continue
		}
		if *update {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("got\n%s\nwant (%s)\n%s", text, name, want)
		}
	}
}

// render is the scenario and its data file, both loaded once.
func render(t testing.TB, f *Found, inline bool) string {
	t.Helper()
	dir := t.TempDir()
	var yaml, csv strings.Builder
	data := ""
	if !inline && len(f.Columns) > 0 {
		data = "shop.csv"
		if err := f.WriteData(&csv); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, data), []byte(csv.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Write(&yaml, scenarios.Pin{URL: "http://127.0.0.1:3000"}, data); err != nil {
		t.Fatal(err)
	}
	if len(f.Routes) == 0 {
		return yaml.String()
	}
	vars := map[string]string{}
	for _, name := range f.Unfilled() {
		vars[name] = "x"
	}
	none := func(string) (string, bool) { return "", false }
	s, err := scenarios.Parse([]byte(yaml.String()), filepath.Join(dir, "shop.yaml"), scenarios.Options{Vars: vars, LookupEnv: none})
	if err != nil {
		t.Fatalf("the scenario does not load: %v\n%s", err, yaml.String())
	}
	if len(s.URIs) != len(f.Routes) {
		t.Fatalf("%d URIs of %d routes", len(s.URIs), len(f.Routes))
	}
	for i, u := range s.URIs {
		want := f.Routes[i].URI
		if inline {
			want = f.Routes[i].Example
		}
		if u.URI != want || u.Method != f.Routes[i].Method || u.Body != f.Routes[i].Body {
			t.Fatalf("%+v of %+v", u, f.Routes[i])
		}
	}
	if data != "" && len(s.Data) != f.rows() {
		t.Fatalf("%d rows, %d expected", len(s.Data), f.rows())
	}
	if csv.Len() > 0 {
		return yaml.String() + "--- shop.csv\n" + csv.String()
	}
	return yaml.String()
}
