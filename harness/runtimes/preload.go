package runtimes

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
)

// AgentVar names the environment variable that tells agents in which folder to
// open their sockets.
const AgentVar = "LEAKHUNT_AGENT"

// maxDir is the longest folder in bytes under which PID.sock still fits the 107
// usable bytes of sun_path (unix(7)). The agents hold to the same bound.
const maxDir = 90

// Preload writes the agents to a folder of their own and returns the environment
// variables, NAME=value, that load them into a command: all three, for what it will run
// is not always known beforehand, and each is ignored by the others' runtimes. They
// must be joined to what the user has there. In PYTHONPATH the agent's folder must come
// first, since only the first sitecustomize of a path is ever loaded: it passes on to
// the next.
//
// Every user finds the agents in the folder, and only this one can put a socket
// there. The agents open their sockets in it: the entry of AgentVar in env names
// it, and Dial wants it. cleanup removes it. An error is a Measure fault.
func Preload() (env []string, cleanup func(), err error) {
	folder, err := newDir()
	if err != nil {
		return nil, nil, fault.Measuref("no folder for the agent's sockets").Because(err)
	}
	dir, cleanup := folder.path, folder.remove
	path := map[string]string{}
	for _, language := range Languages() {
		text, err := Source(language)
		if err == nil {
			// A folder for each: PYTHONPATH must not offer more than one module.
			path[language] = filepath.Join(dir, language, agentFile[language])
			err = writeForAll(path[language], text)
		}
		if err != nil {
			cleanup()
			return nil, nil, fault.Measuref("the agent cannot be written").Because(err)
		}
	}
	return []string{
		AgentVar + "=" + dir,
		"NODE_OPTIONS=--require " + strconv.Quote(path["node"]),
		"PYTHONPATH=" + filepath.Dir(path["python"]),
		"RUBYOPT=-r" + path["ruby"],
	}, cleanup, nil
}

// newDir makes a folder for temporary files, in /tmp where the usual one cannot be
// carried: RUBYOPT knows no quoting and PYTHONPATH splits at colons.
func newDir() (*scratch, error) {
	base := os.TempDir()
	if !filepath.IsAbs(base) || len(base)+len("/leakhunt-12345678901234567890") > maxDir || strings.ContainsAny(base, " \t\n\r:;\"'\\") {
		base = "/tmp"
	}
	return newScratch(base)
}

// writeForAll writes a file that every user may read, whatever the umask: a
// command may drop its privileges before it becomes Ruby or Node, which do not
// start without the file that they are to load.
func writeForAll(path, text string) error {
	dir := filepath.Dir(path)
	return errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, 0o755), //nolint:gosec // no secret
		os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, 0o644)) //nolint:gosec // no secret
}

// lookup is the value of the last entry for name, as execve's callers have it.
func lookup(env []string, name string) string {
	value := ""
	for _, entry := range env {
		if rest, ok := strings.CutPrefix(entry, name+"="); ok {
			value = rest
		}
	}
	return value
}
