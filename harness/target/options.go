package target

import (
	"io"
	"os"
	"path/filepath"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// Options are what a target needs beside its scenario. The zero value works.
type Options struct {
	// Stdout and Stderr, where not nil, also get what a started process says.
	Stdout, Stderr io.Writer
	// DemoCommand starts the demo application; ${PORT} in it is the port it
	// must listen on. Default: this program with demo --listen 127.0.0.1:${PORT}.
	DemoCommand []string
	// ExtraEnv is added to the environment of a started process (NAME=value):
	// an agent's preload switch. RUBYOPT, NODE_OPTIONS, JAVA_TOOL_OPTIONS and
	// PYTHONPATH are joined to what the user has set; other names replace it.
	ExtraEnv []string
	// Scratch are folders that end with the run. Where this program is killed
	// before it could remove them, that is done for it, once the started process
	// has ended.
	Scratch []string
	// Note, where not nil, is told in words what takes long.
	Note func(string)
	// AddSecret, where not nil, is told of every password that a target reads
	// and the scenario does not hold.
	AddSecret func(string)
}

// Open makes the target of a scenario. It looks at nothing yet: its errors are
// those of a target that cannot be meant, of kind fault.Usage.
func Open(sc *scenarios.Scenario, opt Options) (Target, error) {
	switch t := &sc.Target; t.Kind {
	case "url":
		return openURL(t)
	case "command":
		return openCommand(sc, t.Command, opt), nil
	case "demo":
		argv := opt.DemoCommand
		if len(argv) == 0 {
			program, err := os.Executable()
			if err != nil {
				program = "/proc/self/exe"
			}
			argv = []string{program, "demo", "--listen", "127.0.0.1:${PORT}"}
		}
		return openCommand(sc, argv, opt), nil
	case "passenger":
		return openPassenger(sc, opt)
	case "fastcgi":
		return openFastCGI(sc)
	default:
		return nil, fault.Usagef("target: %q is not supported yet", t.Kind)
	}
}

// beside is a folder as a scenario names it: relative to the scenario's own,
// which is also where a command runs that names none.
func beside(sc *scenarios.Scenario, dir string) string {
	if filepath.IsAbs(dir) || sc.Path == "" || sc.Path == "-" {
		return dir
	}
	return filepath.Join(filepath.Dir(sc.Path), dir)
}
