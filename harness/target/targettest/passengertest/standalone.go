package passengertest

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
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
