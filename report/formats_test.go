package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/secret"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

func junit(t *testing.T, r *result.Result, o Options) junitSuite {
	t.Helper()
	var s junitSuite
	if err := xml.Unmarshal(render(t, "junit", r, o), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestJUnit(t *testing.T) {
	r := sample()
	for failOn, want := range map[string]string{
		"":                 "FFsspppE",
		FailOnInconclusive: "FFsFpppE",
		FailOnNever:        "ppsspppE",
		FailOnRegression:   "pFsspppE", // a budget is broken
	} {
		s := junit(t, r, Options{FailOn: failOn})
		var got strings.Builder
		var failures, skips, errors int
		for _, c := range s.Cases {
			switch {
			case c.Failure != nil:
				failures++
				got.WriteByte('F')
			case c.Skipped != nil:
				skips++
				got.WriteByte('s')
			case c.Error != nil:
				errors++
				got.WriteByte('E')
			default:
				got.WriteByte('p')
			}
		}
		if got.String() != want {
			t.Errorf("%q: %s, want %s", failOn, got.String(), want)
		}
		if s.Failures != failures || s.Skipped != skips || s.Errors != errors || s.Tests != len(r.URIs) {
			t.Errorf("%q: the counts of the suite are wrong: %+v", failOn, s)
		}
	}
}

// Text survives as clean makes it, "]]>" too.
func TestJUnitEscapes(t *testing.T) {
	r := hostile()
	s := junit(t, r, Options{})
	for i, c := range s.Cases[:len(r.URIs)] {
		if want := clean(label(&r.URIs[i])); c.Name != want {
			t.Errorf("name %q, want %q", c.Name, want)
		}
		if c.Failure != nil && !strings.Contains(c.Failure.Text, clean(r.URIs[i].SitesNote)) {
			t.Errorf("%q is not in the failure", r.URIs[i].SitesNote)
		}
	}
}

// A run that ended before its time is an error wherever a machine looks, but for
// a limit that left something to judge.
func TestEndedEarly(t *testing.T) {
	for _, c := range []struct {
		by       string
		measured bool
		told     bool
	}{
		{result.EndedByFault, true, true},
		{result.EndedByUser, true, true},
		{result.EndedByLimit, true, false},
		{result.EndedByLimit, false, true},
	} {
		r := sample()
		r.Complete, r.Incomplete, r.EndedBy = false, "it was lost", c.by
		r.URIs = r.URIs[5:7]
		for i := range r.URIs {
			if !c.measured {
				r.URIs[i].Requests, r.URIs[i].Verdict = 0, verdict.Inconclusive
			}
		}
		s := junit(t, r, Options{})
		last := s.Cases[len(s.Cases)-1]
		inSuite := last.Name == "the run" && last.Error != nil && strings.Contains(last.Error.Message, "it was lost") && s.Errors == 1 && s.Tests == 3
		annotated := strings.Contains(string(render(t, "github", r, Options{})), "::error title=leakhunt::The run ended before everything was measured (it was lost).")
		if inSuite != c.told || annotated != c.told {
			t.Errorf("%+v: in the suite %t, annotated %t", c, inSuite, annotated)
		}
	}
}

func TestCSV(t *testing.T) {
	r := hostile()
	rows, err := csv.NewReader(bytes.NewReader(render(t, "csv", r, Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(r.URIs) {
		t.Fatalf("%d rows for %d URIs", len(rows), len(r.URIs))
	}
	for _, row := range rows {
		for i, cell := range row {
			if strings.ContainsAny(cell, "\r\n\x1b") || cell != "" && strings.ContainsRune("=+@", rune(cell[0])) {
				t.Errorf("%s: %q", rows[0][i], cell)
			}
		}
	}
}

// The exposition is one of Prometheus' text format too, which node_exporter's
// textfile collector parses with this very parser.
func TestOpenMetricsIsPrometheusText(t *testing.T) {
	for _, r := range []*result.Result{sample(), hostile()} {
		text := render(t, "openmetrics", r, Options{})
		if !bytes.HasSuffix(text, []byte("\n# EOF\n")) {
			t.Error("does not end in # EOF")
		}
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for name, f := range families {
			if f.GetType().String() != "GAUGE" || f.GetHelp() == "" {
				t.Errorf("%s: type %v, help %q", name, f.GetType(), f.GetHelp())
			}
			for _, m := range f.GetMetric() {
				if m.TimestampMs != nil {
					t.Errorf("%s has a timestamp, which the textfile collector refuses", name)
				}
			}
		}
		verdicts := families["leakhunt_uri_verdict"].GetMetric()
		if len(verdicts) != len(r.URIs) {
			t.Errorf("%d verdicts for %d URIs", len(verdicts), len(r.URIs))
		}
		for i, m := range verdicts {
			for _, l := range m.GetLabel() {
				if l.GetName() == "name" && l.GetValue() != clean(label(&r.URIs[i])) {
					t.Errorf("name %q, want %q", l.GetValue(), label(&r.URIs[i]))
				}
			}
		}
	}
}

func TestGitHub(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if got := ghData("50%\r\n::error::x"); got != "50%25%0D%0A::error::x" {
		t.Errorf("data: %s", got)
	}
	if got := ghProperty("a:b,c%\n"); got != `a%3Ab%2Cc%25\n` {
		t.Errorf("property: %s", got)
	}
	app := filepath.Join(dir, "shop app")
	if err := os.MkdirAll(filepath.Join(app, "app", "models"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(app, "app", "models", "feed.rb"), []byte("class Feed\nend\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	first := func(r *result.Result, o Options) string {
		line, _, _ := strings.Cut(string(render(t, "github", r, o)), "\n")
		place, _, _ := strings.Cut(line, ",title=")
		return place
	}
	r := sample()
	for want, o := range map[string]Options{
		"::error file=scenarios/shop.yaml,line=12": {},
		"::error file=ci/x%2Cy.yaml,line=12":       {ScenarioPath: "ci/x,y.yaml"},
		"::error file=shop app/app/models/feed.rb,line=31": {
			SourceRoots: []string{"nowhere", ".", "shop app"}, ScenarioPath: "unused",
		},
	} {
		if got := first(r, o); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	// What was measured without a file is no place.
	for _, path := range []string{"demo", "http://127.0.0.1:3000 / /cart"} {
		if got := first(r, Options{ScenarioPath: path}); strings.Contains(got, "file=") {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got, want := first(r, Options{SourceRoots: []string{app}}), "::error file=shop app/app/models/feed.rb,line=31"; got != want {
		t.Errorf("absolute root: got %s, want %s", got, want)
	}
	// Paths are told from the top of the repository, wherever leakhunt was started.
	if got, want := first(r, Options{SourceRoots: []string{app}, Base: app}), "::error file=app/models/feed.rb,line=31"; got != want {
		t.Errorf("base: got %s, want %s", got, want)
	}
	// The second site is the first whose file is here.
	r.URIs[0].Sites[0].Caller = "elsewhere.rb:3"
	if got, want := first(r, Options{SourceRoots: []string{app}}), "::error file=shop app/app/models/feed.rb,line=12"; got != want {
		t.Errorf("second site: got %s, want %s", got, want)
	}
}

func TestGitHubAtMostTen(t *testing.T) {
	r := sample()
	for i := range 20 {
		u := r.URIs[0]
		u.Name = fmt.Sprintf("/feed/%d\n::error::x", i)
		r.URIs = append(r.URIs, u)
	}
	out := strings.TrimSuffix(string(render(t, "github", r, Options{})), "\n")
	all := strings.Split(out, "\n")
	if len(all) != maxAnnotations+1 || !strings.HasSuffix(all[maxAnnotations], "::14 more: see the report") {
		t.Errorf("%d lines, the last is %q", len(all), all[len(all)-1])
	}
	if strings.Contains(out, "\n::error::x") {
		t.Error("a name made a command of its own")
	}
	if out := render(t, "github", r, Options{FailOn: FailOnNever}); bytes.Count(out, []byte("\n")) != 1 {
		t.Errorf("with never, only the error of /admin is told: %s", out)
	}
}

func TestSource(t *testing.T) {
	dir := t.TempDir()
	root := filepath.Join(dir, "app")
	outside := filepath.Join(dir, "secret.rb")
	for path, text := range map[string]string{
		filepath.Join(root, "a.rb"): "one\ntwo\tx\r\nthree\n", outside: "secret",
		filepath.Join(root, ".env"): "secret", filepath.Join(root, ".git/config"): "secret", filepath.Join(root, ".git/x.rb"): "secret",
		filepath.Join(root, "config/master.key"): "secret", filepath.Join(root, "config/database.yml"): "secret", filepath.Join(root, "Makefile"): "secret",
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(root, "link.rb")); err != nil {
		t.Fatal(err)
	}
	o := Options{SourceRoots: []string{filepath.Join(dir, "none"), root}}
	for _, file := range []string{"a.rb", "./a.rb", filepath.Join(root, "a.rb")} {
		text, ok := o.source(file)
		path, found := o.place(file)
		if !ok || !found || path != filepath.Join(root, "a.rb") || len(text) == 0 {
			t.Errorf("%s: %q, %v, %v", file, path, ok, found)
		}
		other := Options{PlaceRoots: []string{root}}
		path, found = other.place(file)
		if _, ok := other.source(file); ok || !found || path != filepath.Join(root, "a.rb") {
			t.Errorf("%s: shown: %v; found: %v at %q", file, ok, found, path)
		}
	}
	large := filepath.Join(root, "large.rb")
	if err := os.WriteFile(large, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxSource+1); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"large.rb", "../secret.rb", outside, "link.rb", "/etc/passwd", "", ".", "b.rb", "a.rb\x00", ".env", ".git/config", ".git/x.rb", "config/../.env", "config/master.key", "config/database.yml", "Makefile"} {
		if path, ok := o.place(file); ok {
			t.Errorf("%q was found: %s", file, path)
		}
		if _, ok := o.source(file); ok {
			t.Errorf("%q was read", file)
		}
	}
	// A process's own files are told from its folder, which may be seen through
	// a link; a result file that names another folder opens nothing.
	linked := filepath.Join(dir, "linked")
	if err := os.Symlink(dir, linked); err != nil {
		t.Fatal(err)
	}
	for _, r := range []string{dir, linked} {
		in := Options{SourceRoots: []string{r}, appDir: root}
		if path, ok := in.place("a.rb"); !ok || path != filepath.Join(r, "app/a.rb") {
			t.Errorf("from the process's folder: %q, %v", path, ok)
		}
		in.appDir = "/etc"
		if _, ok := in.source("passwd"); ok {
			t.Error("/etc/passwd was read")
		}
	}
	text, _ := o.source("a.rb")
	lines := excerpt(text, 2)
	if len(lines) != 4 || lines[1] != (sourceLine{2, "two    x", true}) {
		t.Errorf("%+v", lines)
	}
	if excerpt(text, 0) != nil || excerpt(text, 9) != nil {
		t.Error("lines that are not there")
	}
}

func TestCulpritAt(t *testing.T) {
	for caller, want := range map[string]string{
		"":                          "lib/x.rb 5",
		"app/models/feed.rb:31":     "app/models/feed.rb 31",
		"app/a b.js:3:14 in handle": "app/a b.js 3",
		"app/a:1/b.rb:31 show":      "app/a:1/b.rb 31",
		"evaluated":                 "lib/x.rb 5",
		`C:\app\feed.rb:31`:         `C:\app\feed.rb 31`,
	} {
		file, line := culpritAt(record.Site{File: "lib/x.rb", Line: 5, Caller: caller})
		if got := fmt.Sprint(file, " ", line); got != want {
			t.Errorf("%q: %s, want %s", caller, got, want)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		words      []string
		want       string
	}{
		{"/feed", "shop.yaml", nil, "leakhunt run shop.yaml --only=/feed"},
		{"order page", "a b/it's.yaml", nil, `leakhunt run 'a b/it'\''s.yaml' --only='order page'`},
		{"$(reboot)", "shop.yaml", nil, "leakhunt run shop.yaml --only='$(reboot)'"},
		{"a\nb\u202e", "shop.yaml", nil, "leakhunt run shop.yaml --only='a?b?'"},
		{"/u/[secret]/[x]", "shop.yaml", nil, `leakhunt run shop.yaml --only='/u/*/\[x]'`},
		{
			"/x?a[]=*", "",
			[]string{"leakhunt", "run", "s.yaml", "--target=http://x", "--header=A: b", "--only=/x*", "--skip=/y", "--tag=t", "--shard=1/2", "--seed=3"},
			`leakhunt run s.yaml --target=http://x --header='A: b' --only='/x\?a\[]=\*'`,
		},
	} {
		r := sample()
		u := r.URIs[0]
		u.Name, r.Scenario.Path, r.Command = tt.name, tt.path, tt.words
		if got := command(&u, r); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
		if g := glob(tt.name); !strings.Contains(tt.name, secret.Mark) && !scenarios.Match(g, tt.name) {
			t.Errorf("%q does not match %q", g, tt.name)
		}
	}
	r := sample()
	r.Command = []string{"leakhunt", "run", "s.yaml", "--seed=3", "--only=/x*"}
	if got, want := commandAll(r), "leakhunt run s.yaml --only='/x*' --seed=7"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A name cannot end its cell, nor begin markup of its own.
func TestMarkdownCells(t *testing.T) {
	r := hostile()
	rows := 0
	for line := range strings.Lines(string(render(t, "markdown", r, Options{}))) {
		if strings.HasPrefix(line, "| ") {
			if n := strings.Count(line, "|"); n != 9 {
				t.Errorf("%d bars: %.100s", n, line)
			}
			rows++
		}
		if strings.Contains(line, "<script") || strings.Contains(line, "](") {
			t.Errorf("markup: %.100s", line)
		}
	}
	if rows != 1+len(r.URIs) {
		t.Errorf("%d rows for %d URIs", rows, len(r.URIs))
	}
	for in, want := range map[string]string{
		"1. one": "1&#46; one", "- x": "&#45; x", "===": "&#61;==", "v1.2 - x": "v1.2 - x", "http://x": "http&#58;//x", "a:b": "a:b",
	} {
		if got := md(in); got != want {
			t.Errorf("md(%q) = %q, want %q", in, got, want)
		}
	}
}
