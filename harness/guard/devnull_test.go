package guard

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// A command reads nothing and is heard by nobody, with /dev/null and without one.
func TestCommandWithoutDevNull(t *testing.T) {
	for _, devNull := range []string{"/dev/null", filepath.Join(t.TempDir(), "null")} {
		c := exec.Command("sh", "-c", "echo said; echo complained >&2; test -z \"$(cat)\"")
		standIn(c, devNull)
		if there := devNull == "/dev/null"; (c.Stdin == nil) != there || (c.Stdout == nil) != there || (c.Stderr == nil) != there {
			t.Errorf("%s: standard input %v, output %v, error %v", devNull, c.Stdin, c.Stdout, c.Stderr)
		}
		if err := c.Run(); err != nil {
			t.Errorf("%s: %v", devNull, err)
		}
	}
}
