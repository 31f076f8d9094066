package runtimes

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
)

func TestPreload(t *testing.T) {
	existing := []string{"RUBYOPT=-W0", "RUBYOPT=-rset", "NODE_OPTIONS=--no-warnings", "PYTHONPATH=/srv/lib", "RUBYOPTS=no"}
	env, cleanup, err := Preload("", existing, "")
	if err != nil {
		t.Fatal(err)
	}
	dir := lookup(env, AgentVar)
	for name, want := range map[string]string{
		"RUBYOPT":      "-rset -r" + dir + "/ruby/agent.rb",
		"NODE_OPTIONS": "--no-warnings --require \"" + dir + "/node/agent.js\"",
		"PYTHONPATH":   dir + "/python:/srv/lib",
	} {
		if got := lookup(env, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "1.sock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cleanup()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", dir, err)
	}
}

// A command may drop its privileges before it becomes Ruby or Node, which do not
// start without the file that they are to load.
func TestPreloadIsForAllToRead(t *testing.T) {
	before := unix.Umask(0o077)
	env, cleanup, err := Preload("", nil, "")
	unix.Umask(before)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cleanup)
	dir := lookup(env, AgentVar)
	want := map[string]os.FileMode{"": 0o711}
	for language, file := range agentFile {
		want[language], want[language+"/"+file] = 0o755, 0o644
	}
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want %v", name, info, err, mode)
		}
	}
}

func TestPreloadOneRuntime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "own")
	if len(dir) > maxDir {
		t.Fatalf("the temporary folder %s is too long for this test", dir)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	env, cleanup, err := Preload("python", nil, dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{AgentVar + "=" + dir, "PYTHONPATH=" + dir + "/python"}; !slices.Equal(env, want) {
		t.Errorf("got %q, want %q", env, want)
	}
	cleanup()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("the user's folder holds %v, %v", left, err)
	}
}

func TestPreloadRefuses(t *testing.T) {
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil { //nolint:gosec // what is to be refused
		t.Fatal(err)
	}
	for _, c := range []struct{ runtime, dir, want string }{
		{"perl", "", `no agent for "perl"`},
		{"ruby", "relative", "not an absolute path"},
		{"ruby", "/tmp/with space", "a space"},
		{"ruby", "/tmp/" + strings.Repeat("x", 90), "leaves room for 90"},
		{"ruby", open, "no private folder"},
		{"ruby", "/nowhere/at/all", "no folder"},
	} {
		env, cleanup, err := Preload(c.runtime, nil, c.dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) == fault.Internal {
			t.Errorf("%s in %s: %v, want %q", c.runtime, c.dir, err, c.want)
		}
		if env != nil || cleanup != nil {
			t.Errorf("%s in %s: a result beside an error", c.runtime, c.dir)
		}
	}
}

func TestSourceAndInstructions(t *testing.T) {
	for _, language := range Languages() {
		text, err := Source(language)
		if err != nil || !strings.Contains(text, AgentVar) {
			t.Errorf("%s: %v", language, err)
		}
		lines, err := Instructions(language)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"SetEnv", "passenger_env_var", "RuntimeDirectory", "docker run", "web:", agentFile[language]} {
			if !strings.Contains(lines, want) {
				t.Errorf("%s: the instructions lack %q", language, want)
			}
		}
		if strings.ContainsAny(lines, "{}") {
			t.Errorf("%s: a placeholder is left:\n%s", language, lines)
		}
	}
	if _, err := Source("perl"); fault.KindOf(err) != fault.Usage {
		t.Errorf("got %v", err)
	}
	if _, err := Instructions("perl"); fault.KindOf(err) != fault.Usage {
		t.Errorf("got %v", err)
	}
}
