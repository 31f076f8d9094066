//go:build live

package runtimes

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// heldBy is the way by which the objects are held that the file's line made
// for 20 requests to the route.
func heldBy(t *testing.T, a *app, agent *Agent, route, file string, line int, class string) string {
	t.Helper()
	a.send(t, route, 50)
	if on, err := agent.StartHolders(t.Context(), math.MaxInt64); err != nil || !on {
		t.Fatal(on, err)
	}
	a.send(t, route, 20)
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	held, _, err := agent.StopHolders(t.Context(), []Site{{File: path, Line: line, Type: class}})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(held[0].RetainedBy, " → ")
}

func TestLiveHoldersOfRuby(t *testing.T) {
	t.Parallel()
	a := puma(t, true)
	agent := a.agent(t)
	const source, library = "testdata/ruby/app.rb", "testdata/ruby/gems/keeper/keeper.rb"
	for _, c := range []struct{ route, file, text, class, want string }{
		{"/text", source, "'/text' =>", "String", "Object (class) → TEXTS (Array of 70) → String"},
		{"/library", library, "KEPT <<", "Array", "Keeper (module) → KEPT (Array of 70) → Array of 1"},
		{"/store", source, "Store.shared", "Array", "Store (class) → @shared (Store) → @items (Hash of 70) → Array of 2"},
		{"/thread", source, "'/thread' =>", "String", "Thread → mine (Array of 70) → String"},
		{"/closure", source, "'/closure' =>", "String", "seen (Array of 70) → String"},
		{"/global", source, "'/global' =>", "String", "global variables → $kept (Array of 70) → String"},
	} {
		got := heldBy(t, a, agent, c.route, c.file, line(t, c.file, c.text), c.class)
		if got != c.want && (c.route != "/closure" || !strings.HasSuffix(got, c.want)) {
			t.Errorf("%s is held by %s, want %s", c.route, got, c.want)
		}
	}
	if body, err := a.fetch(t.Context(), "/tracing"); err != nil || string(body) != "off" {
		t.Errorf("tracing is %s, %v", body, err)
	}
}

func TestLiveHoldersOfPython(t *testing.T) {
	t.Parallel()
	a := gunicorn(t, true)
	agent := a.agent(t)
	const source = "testdata/python/app.py"
	for _, c := range []struct{ route, want string }{
		{"/text", "app (module) → TEXTS (list of 70) → bytes"},
		{"/store", "Store (class) → shared (Store) → items (dict of 70) → list of 2"},
		{"/closure", "app (module) → remember (function) → seen (list of 70) → str"},
	} {
		if got := heldBy(t, a, agent, c.route, source, line(t, source, `"`+c.route+`":`), ""); got != c.want {
			t.Errorf("%s is held by %s, want %s", c.route, got, c.want)
		}
	}
	if body, err := a.fetch(t.Context(), "/tracing"); err != nil || string(body) != "off" {
		t.Errorf("tracing is %s, %v", body, err)
	}
}

// Through the agent's socket and through the inspector, several times in one
// process: V8 forgets where an object was made once it has moved.
func TestLiveHoldersOfNode(t *testing.T) {
	t.Parallel()
	for name, agented := range map[string]bool{"agent": true, "inspector": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := launch(t, "node", agented, []string{"NODE_OPTIONS=--inspect-port=0"}, true, "node", "app.js")
			var agent *Agent
			if agented {
				agent = a.agent(t)
			} else {
				var err error
				if agent, err = DialInspector(t.Context(), a.pid); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = agent.Close() })
			}
			const source = "testdata/node/app.js"
			at, err := filepath.Abs(source)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for _, c := range []struct{ route, want string }{
					{"/leak", "kept (Array) → Array"},
					{"/listener", "bus (EventEmitter) → _events (Object) → x (Array) → function"},
					{"/map", "sessions (Map) → Object"},
				} {
					got := heldBy(t, a, agent, c.route, source, line(t, source, "'"+c.route+"': (n)"), "")
					if got != at+": "+c.want {
						t.Errorf("%s is held by %s, want %s: %s", c.route, got, at, c.want)
					}
				}
			}
		})
	}
}

// A process that ends while it writes its heap down leaves nothing behind.
func TestLiveHoldersOfTheDead(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB, bool) *app{
		"ruby": func(t testing.TB, agent bool) *app { return puma(t, agent) }, "node": node,
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, true)
			agent := a.agent(t)
			if _, err := agent.StartHolders(t.Context(), math.MaxInt64); err != nil {
				t.Fatal(err)
			}
			dir := agent.dump.path
			if err := syscall.Kill(a.pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if _, _, err := agent.StopHolders(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "agent of process") {
				t.Errorf("got %v", err)
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("%s is left: %v", dir, err)
			}
		})
	}
}

// The JVM's heap is kept for the user, once, and for nobody else.
func TestLiveHeapDumpOfTheJVM(t *testing.T) {
	classes := t.TempDir()
	build(t, "javac", "-d", classes, "testdata/java/App.java")
	a := launch(t, "java", false, nil, true, "java", "-Dsun.net.httpserver.nodelay=true", "-cp", classes, "App")
	j, err := NewJVM(t.Context(), a.pid)
	if err != nil {
		t.Fatal(err)
	}
	a.send(t, "/leak", 20)
	t.Chdir(t.TempDir())
	if on, err := j.StartHolders(t.Context(), math.MaxInt64); on || err != nil {
		t.Fatal(on, err)
	}
	var notes [2]string
	for i := range notes {
		if _, notes[i], err = j.StopHolders(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	kept, _ := filepath.Glob("*")
	if len(kept) != 1 || notes[0] != notes[1] || !strings.Contains(notes[0], kept[0]) || !strings.Contains(notes[0], "secrets included") {
		t.Fatalf("kept %v: %q", kept, notes)
	}
	info, err := os.Stat(kept[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(kept[0])
	if err != nil || !bytes.HasPrefix(text, []byte("JAVA PROFILE 1.0")) || !bytes.Contains(text, []byte("App$Item")) {
		t.Errorf("%s is no dump of the heap: %.20q, %v", kept[0], text, err)
	}
	if left, _ := filepath.Glob(fmt.Sprintf("/tmp/leakhunt-%d-*", a.pid)); len(left) > 0 {
		t.Errorf("folders are left: %v", left)
	}
}
