package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
)

func load(t *testing.T, name string, vars map[string]string) *Scenario {
	t.Helper()
	s, err := Load("testdata/good/"+name+".yaml", Options{LookupEnv: environment, Vars: vars})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func TestContractScenario(t *testing.T) {
	s := load(t, "contract", nil)
	equal(t, "name", s.Name, "shop")
	equal(t, "target", s.Target, Target{Kind: "url", URL: "http://127.0.0.1:3000", Tighten: true, Ready: Ready{Timeout: time.Minute}})
	equal(t, "headers", s.Headers, []Pair{{"Accept", "text/html"}})
	equal(t, "secrets", s.Secrets, []string{"correct horse"})
	equal(t, "capture", s.Before[0].Capture, []Capture{{As: "csrf", Selector: "meta[name=csrf-token]", Attr: "content"}})
	login := s.Before[1]
	equal(t, "login", login.Request, Request{
		Method: "POST", URI: "/login", HasBody: true,
		Headers: []Pair{{"Content-Type", "application/x-www-form-urlencoded"}},
		Body:    "authenticity_token={{csrf}}&user={{user}}&password=correct+horse",
		Expect:  Expect{Status: []int{302}},
	})
	equal(t, "URIs", s.URIs, []URI{
		{Name: "/", Request: Request{Method: "GET", URI: "/"}, Line: 18},
		{Name: "DELETE /cart", Request: Request{Method: "DELETE", URI: "/cart"}, Line: 19},
		{
			Name: "order page", Budget: 512, Requests: &Count{N: 500}, Line: 20,
			Request: Request{Method: "GET", URI: "/orders/{{n}}", Expect: Expect{Status: []int{200, 404}, Contains: "Order"}},
		},
		{
			Name: "/reports/daily", Request: Request{Method: "GET", URI: "/reports/daily"}, Line: 26,
			Ignore: &Ignore{Reason: "cache warms up", Until: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
		},
	})
	equal(t, "settle", s.Settle, &Settle{URI: "/__leakhunt/settle"})
	equal(t, "probes", s.Probes, []Probe{
		{Name: "live slots", URI: "/__leakhunt/stats", JSON: "heap_live_slots", Unit: "objects"},
		{Name: "heap", URI: "/metrics", Prometheus: "go_memstats_heap_alloc_bytes", Unit: "bytes"},
	})
	equal(t, "limits", s.Limits, Limits{RSS: 2 << 30, Time: 15 * time.Minute, Errors: 0.01})
}

func TestDefaults(t *testing.T) {
	s := load(t, "minimal", nil)
	want := &Scenario{
		Version: 1, Name: "minimal", Path: "testdata/good/minimal.yaml", SHA256: s.SHA256,
		Target:   Target{Kind: "demo", Tighten: true, Ready: Ready{Timeout: time.Minute}},
		Requests: Count{Auto: true}, Rounds: 5, Warmup: Count{Auto: true}, Metric: "rss", Timeout: 30 * time.Second,
		Vars: map[string]string{}, URIs: []URI{{Name: "/", Request: Request{Method: "GET", URI: "/"}, Line: 2}},
		Runtime: Runtime{Kind: "auto"}, Limits: Limits{Time: 15 * time.Minute}, Sites: "auto", Strategy: "auto",
	}
	equal(t, "defaults", s, want)
	if len(s.SHA256) != 64 {
		t.Errorf("SHA256 %q", s.SHA256)
	}
}

func TestEverything(t *testing.T) {
	s := load(t, "everything", map[string]string{"user": "root", "more": "x"})
	equal(t, "vars", s.Vars, map[string]string{"user": "root", "more": "x", "digits": "0123", "empty": ""})
	equal(t, "requests", s.Requests, Count{N: 400})
	equal(t, "warmup", s.Warmup, Count{N: 0})
	equal(t, "headers", s.Headers, []Pair{{"Accept", "text/html"}, {"Accept", "*/*"}, {"X-Number", "5"}})
	equal(t, "data", s.Data, []map[string]string{{"name": "anna", "password": "s3cret"}, {"name": "bob", "password": "b0b-pass"}})
	equal(t, "short step", s.Before[0].Request, Request{Method: "GET", URI: "/login"})
	equal(t, "budgets", s.Budgets, []Budget{{"/api/*", 1024}, {"*", 2_000_000}})
	equal(t, "errors", s.Limits.Errors, math.SmallestNonzeroFloat64)
	bodies := map[string]string{
		"POST /json": `{"z":[1,2.5,true,null],"a":"<{{etag}}>","n":"400"}`,
		"POST /form": "a+b=x%26y+{{nonce}}&list=1&list=2",
		"PUT /raw":   "${HOME} {{user}}",
	}
	merged := 0
	for _, u := range s.URIs {
		if want, ok := bodies[u.Name]; ok {
			equal(t, u.Name, u.Body, want)
			delete(bodies, u.Name)
		}
		if u.URI == "/merged" {
			merged++
		}
	}
	if len(bodies) > 0 || merged != 2 {
		t.Errorf("not found: %v; %d merged", bodies, merged)
	}
	orders, last := s.URIs[0], s.URIs[len(s.URIs)-1]
	equal(t, "cookies", orders.Fresh, true)
	equal(t, "tags", orders.Tags, []string{"orders", "7"})
	equal(t, "alias", s.URIs[1].Headers, []Pair{{"X-Token", "{{token}}"}, {"X-Sid", "{{sid}}"}, {"Content-Type", "application/json"}})
	equal(t, "own key above a merged one", last.Method, "LOCK")
	equal(t, "merged list", last.Budget, int64(1536))
}

func TestTargets(t *testing.T) {
	tight := Target{Tighten: true, Ready: Ready{Timeout: time.Minute}}
	with := func(change func(*Target)) Target {
		c := tight
		change(&c)
		return c
	}
	for name, want := range map[string]Target{
		"socket": with(func(t *Target) { t.Kind, t.URL = "url", "http+unix:///run/app.sock" }),
		"pid":    with(func(t *Target) { t.Kind, t.URL, t.PID, t.Insecure = "url", "https://127.0.0.1:3000/", 4242, true }),
		"command": {
			Kind: "command", Command: []string{"puma", "-w", "0", "-b", "tcp://127.0.0.1:${PORT}"}, Dir: "app",
			Env: []string{"RAILS_ENV=production", "PORT=${PORT}", "WORKERS=1"}, Ready: Ready{URI: "/up", Timeout: 90 * time.Second}, Port: 3000, Restarts: 3,
		},
		"passenger": with(func(t *Target) {
			t.Kind = "passenger"
			t.Passenger = &Passenger{App: "shop", Instance: "abc123", PID: 77, Protocol: "http", StatusCommand: []string{"sudo", "passenger-status", "--show=xml", "--verbose"}}
		}),
		"standalone": with(func(t *Target) {
			t.Kind, t.Passenger = "passenger", &Passenger{App: "shop", Protocol: "auto"}
			t.Command = []string{"passenger", "start", "--port", "${PORT}"}
		}),
		"fastcgi": with(func(t *Target) {
			t.Kind, t.FastCGI = "fastcgi", &FastCGI{Address: "unix:/run/php/shop.sock", Root: "/srv/shop/public", Index: "app.php"}
		}),
	} {
		equal(t, name, load(t, name, nil).Target, want)
	}
	equal(t, "exec", load(t, "command", nil).Settle, &Settle{Exec: []string{"jcmd", "${PID}", "GC.run"}})
}

func TestRuntimes(t *testing.T) {
	for name, want := range map[string]Runtime{
		"none": {Kind: "none"}, "node": {Kind: "node"}, "jvm": {Kind: "jvm"}, "go": {Kind: "go", Pprof: "/debug/pprof"},
		"agent": {Kind: "agent", Socket: "/run/leakhunt/shop"},
		"puma":  {Kind: "puma", ControlURL: "tcp://127.0.0.1:9293", Token: "t0p-s3cret"},
	} {
		s := load(t, name, nil)
		equal(t, name, s.Runtime, want)
		if name == "puma" {
			equal(t, "token", s.Secrets, []string{"t0p-s3cret"})
		}
	}
}

func TestFile(t *testing.T) {
	s := &Scenario{Path: "dir/shop.yaml"}
	equal(t, "relative", s.File("users.csv"), filepath.Join("dir", "users.csv"))
	equal(t, "absolute", s.File("/srv/users.csv"), "/srv/users.csv")
}

func TestLoadOfNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "shop.yaml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(filepath.Join(dir, "shpo.yml"), Options{})
	if !errors.Is(err, os.ErrNotExist) || fault.KindOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "shop.yaml") {
		t.Errorf("missing: %v, hint %q", err, fault.HintOf(err))
	}
	if _, err = Load(dir, Options{}); fault.KindOf(err) != fault.Usage {
		t.Errorf("a folder: %v", err)
	}
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, bytes.Repeat([]byte("# large\n"), maxFile/8+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Load(large, Options{}); fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), "512 KiB") {
		t.Errorf("a large file: %v", err)
	}
}

func TestTheEnvironmentIsTheDefault(t *testing.T) {
	t.Setenv("LEAKHUNT_TEST_NAME", "from outside")
	s, err := Parse([]byte("name: ${LEAKHUNT_TEST_NAME}\ntarget: {demo: {}}\nuris: [/]"), "x.yaml", Options{})
	if err != nil || s.Name != "from outside" {
		t.Errorf("%v, %v", s, err)
	}
}

func TestGuardMakesAnErrorOfAPanic(t *testing.T) {
	if err := guard(func() error { panic("yaml") }); err == nil {
		t.Error("no error")
	}
}

// A byte order mark and Windows line ends are no part of what is shown.
func TestForeignLineEnds(t *testing.T) {
	_, err := Parse([]byte("\ufeffuirs: [/]\r\ntarget: {demo: {}}\r\nuris: [/]\r\n"), "x.yaml", Options{})
	want := "x.yaml:1:1: unknown key \"uirs\"\n     1 | uirs: [/]\n       | ^\n  did you mean \"uris\"?"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	var e *Errors
	if !errors.As(err, &e) || e.Problems[0].Text != "uirs: [/]" {
		t.Errorf("text %q", e.Problems[0].Text)
	}
}

func TestEmptyTakesTheDefault(t *testing.T) {
	s, err := Parse([]byte("name: ${EMPTY:-fallback}\ntarget: {demo: {}}\nuris: ['/${EMPTY}']"), "x.yaml", Options{LookupEnv: environment})
	if err != nil || s.Name != "fallback" || s.URIs[0].URI != "/" {
		t.Errorf("%+v, %v", s, err)
	}
}

// Errors show secrets neither in suggestions nor line by line, and show a
// reference as it is written.
func TestErrorsHideSecrets(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"SIZE": "9191M", "UNLISTED": "7171M"}[name]
		return v, ok
	}
	const file = `target: {demo: {}}
vars:
  KEY: |
    first-half
    second-half
  REF: "${SIZE}"
secrets: [KEY, REF]
second-half: "${SIZE}"
uris: [{uri: /, budget: "${UNLISTED}"}]
`
	_, err := Parse([]byte(file), "x.yaml", Options{LookupEnv: env})
	if err == nil || strings.Contains(err.Error(), "9191") || strings.Contains(err.Error(), "7171") || strings.Contains(err.Error(), "second-half") {
		t.Fatalf("%v", err)
	}
	if want := `     8 | ***: "${SIZE}"`; !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwithout %s", err, want)
	}
}

// What the environment brings into a template is neither filled nor shown.
func TestPlaceholderFromTheEnvironment(t *testing.T) {
	env := func(string) (string, bool) { return "/x{{s3cret}}", true }
	_, err := Parse([]byte("target: {demo: {}}\nuris: ['${PATH_OF_X}']"), "x.yaml", Options{LookupEnv: env})
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
}

// A file that is wrong everywhere is answered soon, and with an end.
func TestProblemsAreBounded(t *testing.T) {
	_, err := Parse(bytes.Repeat([]byte("- a: b\n"), 100), "x.yaml", Options{})
	var one *Errors
	if !errors.As(err, &one) || len(one.Problems) != 1 {
		t.Fatalf("%v", err)
	}
	var b strings.Builder
	for i := range 2 * maxProblems {
		fmt.Fprintf(&b, "hunter2-%d: 1\n", i)
	}
	b.WriteString("vars: {PW: hunter2}\nsecrets: [PW]\n")
	var many *Errors
	if _, err = Parse([]byte(b.String()), "x.yaml", Options{}); !errors.As(err, &many) || len(many.Problems) != maxProblems {
		t.Fatalf("%T", err)
	}
	if text := err.Error(); !strings.HasPrefix(text, "x.yaml: the first 1000 errors\n") || strings.Contains(text, "hunter2") {
		t.Errorf("%.200s", text)
	}
}

// A key that is misspelt is not said to be missing as well.
func TestMisspeltKeyIsNotMissing(t *testing.T) {
	_, err := Parse([]byte("target: {demo: {}}\nuri: [/]\n"), "x.yaml", Options{})
	var e *Errors
	if !errors.As(err, &e) || len(e.Problems) != 1 || !strings.Contains(err.Error(), `did you mean "uris"?`) {
		t.Errorf("%v", err)
	}
}
