package runtimes

import (
	"net"
	"os"
	"os/exec"
	"testing"

	"leakhunt/harness/proc/proctest"
)

// An agent that whoever started the process has loaded is found by itself.
func TestAgentFolder(t *testing.T) {
	for name, c := range map[string]struct {
		env  bool
		make func(path string) error
		want bool
	}{
		"with a socket":     {true, listen(t), true},
		"before the socket": {true, func(string) error { return nil }, true},
		"no agent":          {false, listen(t), false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cmd := exec.Command("sleep", "60")
			if c.env {
				cmd.Env = append(os.Environ(), AgentVar+"="+dir)
			}
			proctest.Start(t, cmd)
			if err := c.make(socketPath(dir, cmd.Process.Pid)); err != nil {
				t.Fatal(err)
			}
			want := ""
			if c.want {
				want = dir
			}
			if got := AgentFolder(cmd.Process.Pid); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func listen(t *testing.T) func(path string) error {
	return func(path string) error {
		l, err := net.Listen("unix", path)
		if err == nil {
			t.Cleanup(func() { _ = l.Close() })
		}
		return err
	}
}
