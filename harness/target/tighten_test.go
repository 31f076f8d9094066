package target

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"leakhunt/scenarios"
)

func TestTightenKeepsWhatTheUserSet(t *testing.T) {
	java, limit := tight["java"][0], tight["go"][1]
	t.Setenv("TMPDIR", t.TempDir())
	node := tightest("node")[0]
	young, module, _ := strings.Cut(strings.TrimPrefix(node, "NODE_OPTIONS="), " ")
	for name, c := range map[string]struct {
		runtime   string
		env, argv []string
		want      []string
	}{
		"unknown":            {"", nil, nil, nil},
		"go":                 {"go", nil, nil, []string{"GOGC=10", limit}},
		"go, set":            {"go", []string{"GOGC=50"}, nil, []string{limit}},
		"go, set to nothing": {"go", []string{"GOGC="}, nil, []string{limit}},
		"go, both set":       {"go", []string{"GOGC=50", "GOMEMLIMIT=1GiB"}, nil, nil},
		"ruby, two set": {
			"ruby",
			[]string{"MALLOC_ARENA_MAX=2", "RUBY_GC_HEAP_GROWTH_FACTOR=1.8"},
			nil,
			slices.DeleteFunc(slices.Concat(tight["ruby"], glibc), func(s string) bool {
				return strings.HasPrefix(s, "MALLOC_ARENA_MAX=") || strings.HasPrefix(s, "RUBY_GC_HEAP_GROWTH_FACTOR=")
			}),
		},
		"node":                           {"node", []string{"NODE_OPTIONS=--inspect"}, nil, []string{node}},
		"node, set":                      {"node", []string{"NODE_OPTIONS=--max_semi_space_size=16"}, nil, []string{"NODE_OPTIONS=" + module}},
		"node, set on the command line":  {"node", nil, []string{"node", "--max-semi-space-size=16", "app.js"}, []string{"NODE_OPTIONS=" + module}},
		"node, with another module":      {"node", []string{"NODE_OPTIONS=--require=/app/trace.js " + young}, nil, []string{"NODE_OPTIONS=" + module}},
		"java":                           {"java", nil, []string{"java", "-jar", "app.jar"}, []string{java}},
		"java with a collector":          {"java", nil, []string{"java", "-XX:+UseG1GC", "-jar", "app.jar"}, []string{strings.Replace(java, "-XX:+UseSerialGC ", "", 1)}},
		"java with a heap":               {"java", []string{"JAVA_TOOL_OPTIONS=-Xms1g"}, nil, []string{strings.Replace(java, "-Xms4m ", "", 1)}},
		"java with everything but a bit": {"java", []string{java}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tighten(slices.Concat(tightest(c.runtime), allocator(c.runtime, c.env, "")), c.env, c.argv); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// A JVM that is started with our settings needs a larger stack, unless the user has sized it.
func TestRoomForTheStack(t *testing.T) {
	const ours = "JDK_JAVA_OPTIONS=-Xss2m"
	for _, c := range []struct {
		env, argv []string
		want      bool
	}{
		{nil, []string{"java", "App"}, true},
		{[]string{"JDK_JAVA_OPTIONS=-ea"}, []string{"java", "App"}, true},
		{nil, []string{"java", "-Xss8m", "App"}, false},
		{[]string{"JAVA_TOOL_OPTIONS=-Xss8m"}, []string{"java", "App"}, false},
		{[]string{"JDK_JAVA_OPTIONS=-Xss8m"}, []string{"java", "App"}, false},
	} {
		for _, sc := range []*scenarios.Scenario{rssAlone, {}} {
			got := tighten(wanted("java", c.argv, "", c.env, sc), c.env, c.argv)
			if slices.Contains(got, ours) != c.want {
				t.Errorf("%q, %q: %q", c.env, c.argv, got)
			}
		}
	}
}

// What is preloaded is the user's to choose; where it is no allocator, ours
// goes before it.
func TestAllocator(t *testing.T) {
	const lib = "/usr/lib/libjemalloc.so.2"
	for name, c := range map[string]struct {
		runtime, jemalloc string
		env               []string
		want              []string
	}{
		"ruby":                  {"ruby", lib, nil, append([]string{"LD_PRELOAD=" + lib}, purging...)},
		"ruby without jemalloc": {"ruby", "", nil, glibc},
		"python, tunables set":  {"python", "", []string{"GLIBC_TUNABLES=glibc.malloc.tcache_count=7"}, append(slices.Clone(glibc[:4]), "GLIBC_TUNABLES=glibc.malloc.mxfast=0")},
		"tcmalloc":              {"python", lib, []string{"LD_PRELOAD=/opt/libtcmalloc.so.4"}, nil},
		"another library":       {"ruby", lib, []string{"LD_PRELOAD=/opt/faketime.so"}, append([]string{"LD_PRELOAD=" + lib}, purging...)},
		"node":                  {"node", lib, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := tighten(allocator(c.runtime, c.env, c.jemalloc), c.env, nil)
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
	if got := merge([]string{"LD_PRELOAD=/opt/faketime.so"}, "LD_PRELOAD="+lib); got[0] != "LD_PRELOAD="+lib+":/opt/faketime.so" {
		t.Errorf("preloaded: %q", got)
	}
}

// A process that others started is tight where it has all of the settings.
func TestTightly(t *testing.T) {
	all := append(Tight("java"), "PORT=80")
	some := Tight("go")[:1]
	for name, c := range map[string]struct {
		runtime string
		env     []string
		want    []string
	}{
		"all":             {"java", all, Tight("java")},
		"all and more":    {"java", merge(all, "JAVA_TOOL_OPTIONS=-ea"), Tight("java")},
		"some":            {"go", some, nil},
		"another value":   {"go", []string{"GOGC=10", "GOMEMLIMIT=10"}, nil},
		"go":              {"go", []string{"GOGC=10", "GOMEMLIMIT=1"}, []string{"GOGC=10", "GOMEMLIMIT=1"}},
		"half of one":     {"node", []string{"NODE_OPTIONS=--max-semi-space-size=1"}, nil},
		"nothing to set":  {"php", []string{"A=1"}, nil},
		"unknown runtime": {"", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Tightly(c.runtime, c.env); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// Who will be asked what is alive is not slowed down as far as RSS alone needs.
func TestSettingsByEvidence(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"profiled": "\x7fELF…/debug/pprof/…", "plain": "\x7fELF…"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil { //nolint:gosec // it stands for a program
			t.Fatal(err)
		}
	}
	none := scenarios.Runtime{Kind: "none"}
	for name, c := range map[string]struct {
		sc      scenarios.Scenario
		program string
		limited bool
	}{
		"pprof will tell":   {scenarios.Scenario{Runtime: scenarios.Runtime{Kind: "auto"}}, "./profiled", false},
		"no pprof in it":    {scenarios.Scenario{Runtime: scenarios.Runtime{Kind: "auto"}}, "./plain", true},
		"cannot be read":    {scenarios.Scenario{Runtime: scenarios.Runtime{Kind: "auto"}}, "./absent", false},
		"RSS alone":         {scenarios.Scenario{Runtime: none}, "./profiled", true},
		"a hook will tell":  {scenarios.Scenario{Runtime: none, Settle: &scenarios.Settle{}}, "./profiled", false},
		"a probe will tell": {scenarios.Scenario{Runtime: none, Probes: make([]scenarios.Probe, 1)}, "./profiled", false},
	} {
		t.Run(name, func(t *testing.T) {
			got := wanted("go", []string{c.program}, dir, nil, &c.sc)
			if slices.Contains(got, "GOMEMLIMIT=1") != c.limited {
				t.Errorf("%q", got)
			}
		})
	}
}

// rssAlone is a scenario in which nothing but RSS will tell.
var rssAlone = &scenarios.Scenario{Runtime: scenarios.Runtime{Kind: "none"}}

// What only the pass for lines needs is set where there will be one.
func TestTraced(t *testing.T) {
	for runtime, needs := range map[string]string{"go": "GODEBUG=memprofilerate=1024", "java": "-XX:TLABSize=2k"} {
		for sites, want := range map[string]bool{scenarios.SitesAuto: true, scenarios.SitesRetainers: true, scenarios.SitesOff: false} {
			got := wanted(runtime, []string{"./absent"}, t.TempDir(), nil, &scenarios.Scenario{Sites: sites})
			if strings.Contains(strings.Join(got, "\n"), needs) != want {
				t.Errorf("%s, sites: %s: %q", runtime, sites, got)
			}
			if runtime == "java" && len(slices.DeleteFunc(got, func(s string) bool { return !strings.HasPrefix(s, "JAVA_TOOL_OPTIONS=") })) != 1 {
				t.Errorf("the JVM reads one variable: %q", got)
			}
		}
	}
}

// Node under its permission model may read no file of ours, and does not start
// where it is told to load one.
func TestConfinedNode(t *testing.T) {
	agent := []string{"LEAKHUNT_AGENT=/tmp/x", `NODE_OPTIONS=--require "/tmp/x/agent.js"`}
	for name, c := range map[string]struct {
		argv, env []string
		free      bool
	}{
		"as it comes":                 {[]string{"node", "app.js"}, nil, true},
		"confined":                    {[]string{"node", "--permission", "--allow-fs-read=/srv", "app.js"}, nil, false},
		"confined by a shell":         {[]string{"sh", "-c", "exec node --experimental-permission app.js"}, nil, false},
		"confined by a variable":      {[]string{"node", "app.js"}, []string{"NODE_OPTIONS=--permission"}, false},
		"confined, may read it all":   {[]string{"node", "--permission", "--allow-fs-read=*", "app.js"}, nil, true},
		"a word of the application's": {[]string{"node", "app.js", "--permissions"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			tgt := &command{argv: c.argv, env: c.env, tighten: true, sc: rssAlone, opt: Options{ExtraEnv: agent}}
			r, err := tgt.run("1")
			if err != nil {
				t.Fatal(err)
			}
			options, _ := lookup(r.env, "NODE_OPTIONS")
			if strings.Contains(options, "--require") == !c.free || strings.Contains(strings.Join(r.settings, " "), "--require") == !c.free {
				t.Errorf("%q with the settings %q", options, r.settings)
			}
			if !strings.Contains(options, "--max-semi-space-size=1") {
				t.Errorf("%q lost what needs no file", options)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	env := []string{"A=1", "RUBYOPT=-W0", "PYTHONPATH=/app", "NODE_OPTIONS=--inspect", "A=2"}
	got := merge(env, "A=3", "RUBYOPT=-r/agent.rb", "PYTHONPATH=/agent", "NODE_OPTIONS=--require /agent.js", "B=x=y")
	want := []string{"A=3", "RUBYOPT=-W0 -r/agent.rb", "PYTHONPATH=/agent:/app", "NODE_OPTIONS=--require /agent.js --inspect", "B=x=y"}
	slices.Sort(got)
	slices.Sort(want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if env[0] != "A=1" || len(env) != 5 {
		t.Errorf("merge changed what it was given: %q", env)
	}
}

func TestTail(t *testing.T) {
	var passed strings.Builder
	var out tail
	w := out.to(&passed)
	var all strings.Builder
	for i := range 40000 {
		line := strings.Repeat("x", i%17) + "\n"
		all.WriteString(line)
		if n, err := w.Write([]byte(line)); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
		if len(out.kept) > 2*tailBytes {
			t.Fatalf("%d bytes are kept", len(out.kept))
		}
	}
	if passed.String() != all.String() {
		t.Error("not everything was passed on")
	}
	if want := all.String()[all.Len()-tailBytes:]; out.text() != want {
		t.Errorf("the last %d bytes are kept, %d", tailBytes, len(out.text()))
	}
	for text, want := range map[string]string{
		"\x1b[31mred\x1b[0m\r\n": "; it said: �[31mred�[0m", "Cookie: sid=1": "; it said: Cookie: [secret]",
		"one\n" + strings.Repeat("s3cret", 2*tailBytes): "; it said: (a line of more than 8 KiB)",
		"": "", "\n\n": "", "one\n": "; it said: one",
		"Exception in thread \"main\" java.lang.StackOverflowError\n" + strings.Repeat("\tat org.app.Grammar.check(Unknown Source)\n", 1024):               "; it said:\n  Exception in thread \"main\" java.lang.StackOverflowError\n  \tat org.app.Grammar.check(Unknown Source)\n  (1023 more calls)",
		"LoadError: cannot load such file -- x\n" + strings.Repeat("\t/srv/app.rb:85:in `require'\n", 20) + "127.0.0.1 - - \"GET / HTTP/1.1\" 500\n":       "; it said:\n  LoadError: cannot load such file -- x\n  \t/srv/app.rb:85:in `require'\n  (19 more calls)\n  127.0.0.1 - - \"GET / HTTP/1.1\" 500",
		"Error: Cannot find module 'x'\n" + strings.Repeat("    at Module._load (node:internal/modules/cjs/loader:1038:27)\n", 9) + "\nNode.js v20.20.2\n": "; it said:\n  Error: Cannot find module 'x'\n      at Module._load (node:internal/modules/cjs/loader:1038:27)\n  (8 more calls)\n  \n  Node.js v20.20.2",
		"at 10:00 (local time) started\n1\n2\n": "; it said:\n  at 10:00 (local time) started\n  1\n  2",
		"1\n2\n3\n4\n5\n6\n7\n8\n9\n":           "; it said:\n  2\n  3\n  4\n  5\n  6\n  7\n  8\n  9",
	} {
		var out tail
		_, _ = out.to(nil).Write([]byte(text))
		if got := out.said(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A sink that fails must not stop the process that writes.
func TestTailOutlivesItsSink(t *testing.T) {
	var out tail
	if n, err := out.to(broken{}).Write([]byte("x")); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errNotKept }

// TestPassedOnByLine: what -v shows has no header's value in it, however it comes, and
// nothing that commands a terminal.
func TestPassedOnByLine(t *testing.T) {
	var passed strings.Builder
	var out tail
	w := out.to(&passed)
	for _, part := range []string{"Cook", "ie: sid=s3", "cret\n\x1b]0;x\x07one", strings.Repeat("x", 3*longestLine), "\ntwo\nthr", "ee"} {
		_, _ = w.Write([]byte(part))
	}
	out.end()
	if got, want := passed.String(), "Cookie: [secret]\n�]0;x�(a line of more than 8 KiB)\ntwo\nthree\n"; got != strings.Replace(want, "�]0;x�(", "(", 1) {
		t.Errorf("%q", got)
	}
}
