package report

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// temporary is a file that is to take the place of another one.
type temporary struct {
	*os.File
	name string // "" while it has none
}

// unnamed is a new file in the folder of path. It has no name where the file system can
// do without (O_TMPFILE): then a program that is killed leaves nothing of it.
func unnamed(path string) (*temporary, error) {
	folder := filepath.Dir(path)
	if _, err := os.Stat("/proc/self/fd"); err == nil { // it gets its name through it
		if fd, err := unix.Open(folder, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600); err == nil {
			return &temporary{File: os.NewFile(uintptr(fd), path)}, nil //nolint:gosec // a descriptor is small
		}
	}
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &temporary{f, f.Name()}, nil
}

// sync has the file on the disk before it replaces another one, where the file system knows how.
func (t *temporary) sync() error {
	if err := t.Sync(); !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// replace puts the file in the place of path.
func (t *temporary) replace(path string) error {
	if t.name == "" {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%016x", filepath.Base(path), rand.Uint64())) //nolint:gosec // no secret
		own := fmt.Sprintf("/proc/self/fd/%d", t.Fd())
		if err := unix.Linkat(unix.AT_FDCWD, own, unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW); err != nil {
			return &os.PathError{Op: "linkat", Path: path, Err: err}
		}
		t.name = name
	}
	err := os.Rename(t.name, path)
	if err == nil {
		t.name = ""
	}
	return err
}

// Close closes the file, and removes it where it has replaced nothing.
func (t *temporary) Close() error {
	err := t.File.Close()
	if t.name != "" {
		err = errors.Join(err, os.Remove(t.name))
	}
	return err
}
