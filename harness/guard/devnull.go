package guard

import (
	"io"
	"os"
	"os/exec"
	"strings"
)

// standIn gives a command something to read and write in place of devNull where that is
// not there, as in a bare chroot: os/exec would not start the command.
func standIn(c *exec.Cmd, devNull string) {
	if _, err := os.Stat(devNull); err == nil {
		return
	}
	if c.Stdin == nil {
		c.Stdin = strings.NewReader("")
	}
	if c.Stdout == nil {
		c.Stdout = io.Discard
	}
	if c.Stderr == nil {
		c.Stderr = io.Discard
	}
}
