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
// usable bytes of sun_path (unix(7)); the agents hold to the same bound.
const maxDir = 90

// Preload writes the agents to dir and returns the environment variables that
// load them into a command: runtime is a language, or "" where it is not known
// beforehand (all three are loaded then; each is ignored by the others'
// runtimes). existing is the command's environment as NAME=value; what it says
// in RUBYOPT, NODE_OPTIONS and PYTHONPATH stays in force.
//
// dir is made where it is missing, mode 0700; "" makes a temporary one, where
// every user finds the agents and only this one can put a socket. Agents
// open their sockets there too: the entry of AgentVar in env names it, and Dial
// wants it. cleanup removes what Preload wrote, and the sockets.
func Preload(runtime string, existing []string, dir string) (env []string, cleanup func(), err error) {
	languages := Languages()
	if runtime != "" && runtime != "auto" {
		if _, ok := agentFile[runtime]; !ok {
			return nil, nil, noAgent(runtime)
		}
		languages = []string{runtime}
	}
	dir, made, err := privateDir(dir)
	if err != nil {
		return nil, nil, err
	}
	var files []string
	cleanup = func() { remove(dir, files, made) }
	env = []string{AgentVar + "=" + dir}
	for _, language := range languages {
		text, err := Source(language)
		if err != nil {
			cleanup()
			return nil, nil, err
		}
		// A folder for each: PYTHONPATH must not offer more than one module.
		path := filepath.Join(dir, language, agentFile[language])
		files = append(files, path)
		if err := writeForAll(path, text); err != nil {
			cleanup()
			return nil, nil, fault.Measuref("the agent cannot be written").Because(err)
		}
		env = append(env, loadVar(language, path, existing))
	}
	return env, cleanup, nil
}

// writeForAll writes a file that every user may read, whatever the umask: a
// command may drop its privileges before it becomes Ruby or Node, which do not
// start without the file that they are to load.
func writeForAll(path, text string) error {
	dir := filepath.Dir(path)
	return errors.Join(os.MkdirAll(dir, 0o700), os.Chmod(dir, 0o755), //nolint:gosec // no secret
		os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, 0o644)) //nolint:gosec // no secret
}

// loadVar is the variable that makes a runtime load the agent, behind what the
// user has there. Python's comes first and passes on to the next
// sitecustomize, since only the first of a path is ever loaded.
func loadVar(language, path string, existing []string) string {
	switch language {
	case "ruby":
		return "RUBYOPT=" + join(lookup(existing, "RUBYOPT"), " ", "-r"+path)
	case "node":
		return "NODE_OPTIONS=" + join(lookup(existing, "NODE_OPTIONS"), " ", "--require "+strconv.Quote(path))
	default:
		return "PYTHONPATH=" + join(filepath.Dir(path), ":", lookup(existing, "PYTHONPATH"))
	}
}

func join(a, sep, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + sep + b
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

// privateDir makes dir, or a temporary one for "". made says that it was made
// here. RUBYOPT knows no quoting and PYTHONPATH splits at colons, so such
// characters are refused.
func privateDir(dir string) (path string, made bool, err error) {
	if dir == "" {
		base := os.TempDir()
		if checkDir(filepath.Join(base, "leakhunt-1234567890")) != nil {
			base = "/tmp"
		}
		path, err = os.MkdirTemp(base, "leakhunt-")
		if err == nil {
			err = os.Chmod(path, 0o711) //nolint:gosec // to the agents, for all; each socket is of mode 0600
		}
		if err != nil {
			return "", false, fault.Measuref("no folder for the agent's sockets").Because(err)
		}
		return path, true, nil
	}
	if err := checkDir(dir); err != nil {
		return "", false, err
	}
	err = os.Mkdir(dir, 0o700)
	if err == nil {
		return dir, true, nil
	}
	if !errors.Is(err, os.ErrExist) {
		return "", false, fault.Measuref("no folder for the agent's sockets").Because(err)
	}
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return "", false, fault.Measuref("%s is no private folder for the agent's sockets", dir).Because(err).
			WithHint("Make it a folder that only its owner may write to: chmod 700 %s", dir)
	}
	return dir, false, nil
}

func checkDir(dir string) error {
	switch {
	case !filepath.IsAbs(dir):
		return fault.Usagef("the agent's folder %q is not an absolute path", dir)
	case len(dir) > maxDir:
		return fault.Usagef("the agent's folder %q has %d bytes; a Unix socket's path leaves room for %d", dir, len(dir), maxDir)
	case strings.ContainsAny(dir, " \t\n\r:;\"'\\"):
		return fault.Usagef("the agent's folder %q has a space, a quote, a colon or a backslash, which RUBYOPT and PYTHONPATH cannot carry", dir)
	}
	return nil
}

// remove takes away the agents and sockets, and the folder where it was made here.
func remove(dir string, files []string, made bool) {
	for _, f := range files {
		_ = os.RemoveAll(filepath.Dir(f))
	}
	sockets, _ := filepath.Glob(filepath.Join(dir, "*.sock"))
	for _, s := range sockets {
		_ = os.Remove(s)
	}
	if made {
		_ = os.RemoveAll(dir)
	}
}
