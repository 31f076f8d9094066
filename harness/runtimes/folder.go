package runtimes

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"leakhunt/harness/fault"
	"leakhunt/harness/units"
)

// folder is a new private one that a process can write to, in the process's own
// root: it may live in a container.
type folder struct {
	tmp  *os.Root // of the process; it can be cleaned though the process ends
	name string
	path string // as the process sees it
	at   string // the same as we see it
}

// newFolder makes a folder of mode 0700 in /tmp as process pid sees it, which
// belongs to the process's user.
func newFolder(pid int) (*folder, error) {
	root := fmt.Sprintf("/proc/%d/root", pid)
	at, err := os.MkdirTemp(root+"/tmp", fmt.Sprintf("leakhunt-%d-", pid))
	if err != nil {
		return nil, fault.Measuref("no folder that process %d can write to", pid).Because(err)
	}
	f := &folder{name: filepath.Base(at), path: filepath.Join("/tmp", filepath.Base(at)), at: at}
	if f.tmp, err = os.OpenRoot(root + "/tmp"); err != nil {
		_ = os.Remove(at)
		return nil, fault.Measuref("no folder that process %d can write to", pid).Because(err)
	}
	if process, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil && owner(process) != os.Geteuid() {
		if err := os.Chown(at, owner(process), -1); err != nil {
			f.remove()
			return nil, fault.Measuref("process %d could not write to a folder of ours", pid).Because(err)
		}
	}
	return f, nil
}

// room is an error where the folder's disc has no place for so many bytes. On
// one in memory (tmpfs) there is no more than the bytes of memory that may be taken.
func (f *folder) room(need, memory int64) error {
	left, inMemory, err := discSpace(f.at)
	if inMemory {
		left = min(left, memory)
	}
	if err == nil && left < need {
		return fault.Measuref("a heap dump may take %s, and %s has %s left on its disc",
			units.Bytes(float64(need)), filepath.Dir(f.path), units.Bytes(float64(left)))
	}
	return nil
}

func discSpace(path string) (left int64, inMemory bool, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, false, err
	}
	return int64(st.Bavail) * st.Bsize, st.Type == unix.TMPFS_MAGIC, nil //nolint:gosec // blocks of a disc
}

// open opens a file that the process has made in the folder.
func (f *folder) open(name string) (*os.File, error) {
	name = filepath.Join(f.name, name)
	info, err := f.tmp.Lstat(name)
	if err == nil && !info.Mode().IsRegular() { // a pipe would hang
		err = os.ErrInvalid
	}
	if err != nil {
		return nil, err
	}
	return f.tmp.Open(name)
}

// remove removes the folder and what is in it.
func (f *folder) remove() {
	_ = f.tmp.RemoveAll(f.name)
	_ = f.tmp.Close()
}
