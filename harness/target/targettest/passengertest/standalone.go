package passengertest

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"

	"leakhunt/harness/target/passenger"
)

// Standalone serves one application with Passenger Standalone's builtin engine,
// which it starts.
func Standalone(t testing.TB, app App) *Server {
	t.Helper()
	s := newServer(t, []App{app})
	s.run(t, func() *exec.Cmd {
		cmd := exec.Command("passenger", StandaloneArgs(strconv.Itoa(s.Port), s.Apps[0])...)
		cmd.Args = append(cmd.Args, "--instance-registry-dir", s.Registry)
		cmd.Dir = s.Apps[0].Root
		cmd.Env = append(os.Environ(), "TMPDIR="+s.dir+"/tmp")
		return cmd
	})
	// Standalone sends its application a HEAD request of its own, which starts it.
	s.Await(t, func(in *passenger.Instance) bool {
		return slices.ContainsFunc(in.Apps, func(a passenger.App) bool {
			return slices.ContainsFunc(a.Processes, func(p passenger.Process) bool { return p.Processed > 0 })
		})
	})
	return s
}

// StandaloneArgs are the arguments of passenger for an application.
func StandaloneArgs(port string, app App) []string {
	return []string{
		"start", "--engine", "builtin", "--address", "127.0.0.1", "--port", port,
		"--environment", "production", "--no-install-runtime", "--disable-security-update-check",
		"--app-type", app.Type, "--startup-file", startupFile(app.Type),
		"--max-pool-size", strconv.Itoa(max(app.Processes, 1)), "--min-instances", strconv.Itoa(max(app.Processes, 1)),
	}
}
