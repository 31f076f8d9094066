package guard

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// asFolder is the role of a guard that has no command.
const asFolder = "folder"

// Folder has a process of its own remove a folder where this program is killed before it
// could. Call it before the folder is made: then no moment is left at which a kill would
// leave it. The guard of a command removes it once more, after that command. release ends
// the process, and is called once the folder is removed.
func Folder(path string) (release func(), err error) {
	theirs, lifeline, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path: self, Args: []string{name, asFolder, path}, Dir: "/", ExtraFiles: []*os.File{theirs},
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true}, // Ctrl-C is this program's
	}
	standIn(cmd, os.DevNull)
	err = errors.Join(cmd.Start(), theirs.Close())
	if err != nil {
		return nil, errors.Join(err, lifeline.Close())
	}
	return sync.OnceFunc(func() {
		_ = lifeline.Close()
		_ = cmd.Wait()
	}), nil
}

// removeFolder waits until the lifeline closes.
func removeFolder(path string) int {
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	_, _ = io.Copy(io.Discard, os.NewFile(lifelineFD, "lifeline"))
	if os.RemoveAll(path) != nil {
		return 1
	}
	return 0
}
