package runtimes

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"leakhunt/harness/guard"
)

// scratch is a folder for temporary files that ends with this program. Its lock tells
// the next run whether this program was killed before it could remove the folder.
type scratch struct {
	path    string
	lock    *os.File
	release func() // ends who removes it where this program cannot
}

const (
	lockName = "lock"
	// making is how long a folder may be without its lock.
	making = time.Minute
)

// newScratch makes a folder in base, which is removed also where this program is killed.
// It removes what killed runs have left there all the same.
func newScratch(base string) (*scratch, error) {
	sweep(base, time.Now())
	dir := filepath.Join(base, fmt.Sprintf("leakhunt-%d", rand.Uint64()))
	release, err := guard.Folder(dir)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		release()
		return nil, err
	}
	s := &scratch{path: dir, release: release}
	s.lock, err = os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = unix.Flock(int(s.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil {
		err = os.Chmod(dir, 0o711) //nolint:gosec // to the agents, for all; each socket is of mode 0600
	}
	if err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

func (s *scratch) remove() {
	_ = os.RemoveAll(s.path)
	if s.lock != nil {
		_ = s.lock.Close()
	}
	s.release()
}

var scratchName = regexp.MustCompile(`^leakhunt-\d+$`)

// sweep removes the folders of runs that were killed. Whatever goes wrong, nothing is
// lost but room.
func sweep(base string, now time.Time) {
	files, err := os.ReadDir(base)
	if err != nil {
		return
	}
	for _, f := range files {
		if info, err := f.Info(); err == nil && info.IsDir() && scratchName.MatchString(f.Name()) && mine(info) && now.Sub(info.ModTime()) > making {
			sweepOne(filepath.Join(base, f.Name()))
		}
	}
}

func mine(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// sweepOne removes a folder whose lock nobody holds, or that is empty: a run was killed
// before it made the lock. One that holds something and no lock is somebody else's.
func sweepOne(dir string) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		_ = os.Remove(dir)
		return
	}
	defer f.Close()
	if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		_ = os.RemoveAll(dir)
	}
}
