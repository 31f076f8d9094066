package runtimes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
)

func TestPreload(t *testing.T) {
	env, cleanup, err := Preload()
	if err != nil {
		t.Fatal(err)
	}
	dir := lookup(env, AgentVar)
	for name, want := range map[string]string{
		"RUBYOPT":      "-r" + dir + "/ruby/agent.rb",
		"NODE_OPTIONS": "--require \"" + dir + "/node/agent.js\"",
		"PYTHONPATH":   dir + "/python",
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

// A folder for temporary files whose path RUBYOPT and PYTHONPATH cannot carry, or
// that is too long for a socket, is passed by; one that is missing is an error.
func TestPreloadChoosesAFolder(t *testing.T) {
	good := t.TempDir()
	for usual, want := range map[string]string{
		good: good, "/tmp/with space": "/tmp", "/tmp/a:b": "/tmp", "relative": "/tmp", "/tmp/" + strings.Repeat("x", 90): "/tmp",
	} {
		t.Setenv("TMPDIR", usual)
		env, cleanup, err := Preload()
		if err != nil {
			t.Errorf("%s: %v", usual, err)
			continue
		}
		if dir := filepath.Dir(lookup(env, AgentVar)); dir != want {
			t.Errorf("%s: the agents are in %s, want %s", usual, dir, want)
		}
		cleanup()
	}
	t.Setenv("TMPDIR", "/nowhere/at/all")
	if env, cleanup, err := Preload(); fault.KindOf(err) != fault.Measure || env != nil || cleanup != nil {
		t.Errorf("without a folder: %v, %v", env, err)
	}
}

// A command may drop its privileges before it becomes Ruby or Node, which do not
// start without the file that they are to load.
func TestPreloadIsForAllToRead(t *testing.T) {
	before := unix.Umask(0o077)
	env, cleanup, err := Preload()
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
