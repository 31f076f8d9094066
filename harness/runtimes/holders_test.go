package runtimes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// Recorded dumps of Ruby and Node.
const (
	rubyDump = "../heap/testdata/ruby.dump"
	nodeDump = "../heap/testdata/node.heapsnapshot"
)

// dumping is an agent that writes what the process would, and answers to names.
func dumping(t *testing.T, runtime string, answer func(command, path string) string) *Agent {
	t.Helper()
	counters := fmt.Sprintf(`{"leakhunt":1,"runtime":%q,"counters":[{"name":"live bytes","unit":"bytes","exact":true,"value":1000000}]}`, runtime)
	dir := serveAgent(t, func(_ int, line string) string {
		command, path, _ := strings.Cut(line, "\t")
		out := answer(command, path)
		if out == "" && command == "settle" {
			out = counters
		}
		if out == "" && command == "hold on" {
			out = `{"leakhunt":1,"tracing":true}`
		}
		if out == "" {
			return ""
		}
		return out + "\n"
	})
	a, err := Dial(t.Context(), dir, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

const dumped = `{"leakhunt":1,"dumped":true}`

func copyDump(t *testing.T, from, to string, most int) string {
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text[:min(most, len(text))], 0o600)
	}
	if err != nil {
		t.Error(err)
	}
	return dumped
}

func TestAgentHolders(t *testing.T) {
	var folder, asked string
	a := dumping(t, "ruby", func(command, path string) string {
		switch command {
		case "hold off":
			folder = filepath.Dir(path)
			if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("the dump's folder: %v, %v", info, err)
			}
			return copyDump(t, rubyDump, path, 1<<20)
		case "names":
			asked = path
			return `{"leakhunt":1,"names":["","$stores","","@items","no name 7","too many"]}`
		}
		return ""
	})
	if on, err := a.StartHolders(t.Context(), 1<<40); !on || err != nil {
		t.Fatal(on, err)
	}
	sites := []Site{{File: "/srv/shop/app.rb", Line: 11, Type: "Object"}, {File: "/srv/shop/app.rb", Line: 99}}
	held, note, err := a.StopHolders(t.Context(), sites)
	if err != nil || note != "" {
		t.Fatal(err, note)
	}
	want := "global variables → $stores (Array of 1) → Store → @items (Hash of 38) → Object"
	if got := strings.Join(held[0].RetainedBy, " → "); got != want || len(held[1].RetainedBy) != 0 || sites[0].RetainedBy != nil {
		t.Errorf("held by %s\nwant %s; %+v", got, want, held[1])
	}
	if addresses := strings.Split(asked, "\t"); len(addresses) != 4 || addresses[0] != "" || addresses[1] == "" {
		t.Errorf("asked for %q", asked)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder %s is still there: %v", folder, err)
	}
	if _, _, err := a.StopHolders(t.Context(), sites); err == nil {
		t.Error("the pass ended twice")
	}
	if on, err := a.StartHolders(t.Context(), 1<<40); !on || err != nil {
		t.Fatal(on, err)
	}
	if _, note, err = a.StopHolders(t.Context(), sites[1:]); err != nil || note != "nothing told what holds them" {
		t.Errorf("%q, %v", note, err)
	}
}

func TestAgentHoldersOfNode(t *testing.T) {
	a := dumping(t, "node", func(command, path string) string {
		if command == "hold off" {
			return copyDump(t, nodeDump, path, 1<<20)
		}
		return ""
	})
	if _, err := a.StartHolders(t.Context(), 80<<20); err == nil || !strings.Contains(err.Error(), "may need 83.1 MiB more, and there is room for 80.0 MiB") {
		t.Fatal(err)
	}
	if on, err := a.StartHolders(t.Context(), 90<<20); !on || err != nil {
		t.Fatal(on, err)
	}
	held, _, err := a.StopHolders(t.Context(), []Site{{File: "/srv/shop/app.js", Line: 8}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(Local(held, "/srv/shop")[0].RetainedBy, " → "); got != "app.js: cache (Map) → Object" {
		t.Error(got)
	}
}

// Python's agent has the way itself. What is one object's alone has no name.
func TestAgentHoldersOfPython(t *testing.T) {
	var asked string
	a := dumping(t, "python", func(command, places string) string {
		if command != "hold off" {
			return ""
		}
		asked = places
		return `{"leakhunt":1,"sites":[{"file":"/srv/a b.py","line":3,"objects":20,"held":[{"name":"app","kind":"module","shared":true},` +
			`{"name":"users","kind":"dict of 70","shared":true},{"name":"anna","kind":"list of 2","shared":false},{"name":"key 7","kind":"str","shared":true}]}]}`
	})
	if on, err := a.StartHolders(t.Context(), 1<<40); !on || err != nil {
		t.Fatal(on, err)
	}
	held, note, err := a.StopHolders(t.Context(), []Site{{File: "/tab\t.py", Line: 1}, {File: "/srv/a b.py", Line: 3}})
	if err != nil || note != "" || asked != "3:/srv/a b.py" {
		t.Fatal(err, note, asked)
	}
	if got := strings.Join(held[1].RetainedBy, " → "); got != "app (module) → users (dict of 70) → list of 2 → str" || len(held[0].RetainedBy) > 0 {
		t.Errorf("%s; %+v", got, held[0])
	}
}

// Whatever goes wrong is an error in a sentence, and leaves no file behind.
func TestAgentHoldersGoWrong(t *testing.T) {
	failing := func(text string) func(string) string {
		return func(string) string { return fmt.Sprintf(`{"leakhunt":1,"error":%q}`, text) }
	}
	for _, c := range []struct {
		name    string
		on, off func(path string) string
		want    string
	}{
		{"an old agent", failing("unknown command"), nil, "is older than this leakhunt: print it anew"},
		{"no tracing", failing("LoadError: objspace is not to be had"), nil, "objspace is not to be had"},
		{"a full disc", nil, failing("Errno::ENOSPC: No space left on device"), "No space left on device"},
		{"it dies at it", nil, func(string) string { return "" }, "went away in the middle"},
		{"no file", nil, func(string) string { return dumped }, "has written no heap dump"},
		{"a link for a file", nil, func(path string) string { _ = os.Symlink("/etc/passwd", path); return dumped }, "has written no heap dump"},
		{"a pipe for a file", nil, func(path string) string { _ = syscall.Mkfifo(path, 0o600); return dumped }, "has written no heap dump"},
		{"cut off", nil, func(path string) string { return copyDump(t, rubyDump, path, 9000) }, "ends in the middle"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var folder atomic.Value
			folder.Store("none")
			a := dumping(t, "ruby", func(command, path string) string {
				switch {
				case command == "hold on" && c.on != nil:
					return c.on(path)
				case command == "hold off":
					folder.Store(filepath.Dir(path))
					return c.off(path)
				}
				return ""
			})
			_, err := a.StartHolders(t.Context(), 1<<40)
			if err == nil {
				_, _, err = a.StopHolders(t.Context(), []Site{{File: "/srv/shop/app.rb", Line: 11}})
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			if _, err := os.Stat(folder.Load().(string)); !os.IsNotExist(err) {
				t.Errorf("the folder is still there: %v", err)
			}
		})
	}
}
