package journal

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// locking is what came of an attempt to lock a file.
type locking int

const (
	locked   locking = iota
	taken            // by another open file
	lockless         // the file system has no locks, or the kernel has no more
)

// lock takes the file for this open file alone, until it is closed or the process
// ends, however it does (flock(2)). It tries for a moment: who lists or deletes
// journals holds a lock for that long.
func lock(f *os.File) locking {
	const tries, pause = 10, 10 * time.Millisecond
	for i := 0; ; i++ {
		how := tryLock(f, unix.LOCK_EX)
		if how != taken || i == tries {
			return how
		}
		time.Sleep(pause)
	}
}

// tryLock is one attempt, for a lock of one (LOCK_EX) or of many (LOCK_SH).
func tryLock(f *os.File, kind int) locking {
	for {
		switch err := unix.Flock(int(f.Fd()), kind|unix.LOCK_NB); {
		case err == nil:
			return locked
		case errors.Is(err, unix.EWOULDBLOCK):
			return taken
		case !errors.Is(err, unix.EINTR):
			return lockless
		}
	}
}

// isTaken says that another open file has locked the file.
func isTaken(f *os.File) bool {
	how := tryLock(f, unix.LOCK_SH)
	if how == locked {
		_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
	}
	return how == taken
}

// inPlace says that path is still the file that was opened: it may have been
// deleted, or replaced, before it was locked.
func inPlace(f *os.File, path string) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(open, there)
}

// deleted says that a file has no name any more.
func deleted(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}

// holder is the process that has locked the file; 0 where it is not known, as in
// a container that does not see it.
func holder(f *os.File) int {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	locks, err := os.Open("/proc/locks")
	if err != nil {
		return 0
	}
	defer locks.Close()
	for sc := bufio.NewScanner(locks); sc.Scan(); {
		// The device of the row does not say which file it is: that of btrfs is
		// another one than in stat(2).
		if pid, inode := holding(sc.Text()); pid > 0 && inode == st.Ino && has(pid, info) {
			return pid
		}
	}
	return 0
}

// holding reads a row of /proc/locks (proc_locks(5)): who holds a lock of flock(2)
// on which inode. pid is 0 for other rows, and for those who wait.
//
//	1: FLOCK  ADVISORY  WRITE 4242 fe:00:1835071 0 EOF
func holding(row string) (pid int, inode uint64) {
	f := strings.Fields(row)
	if len(f) < 6 || f[1] != "FLOCK" {
		return 0, 0
	}
	pid, err := strconv.Atoi(f[4])
	if err != nil {
		return 0, 0
	}
	inode, err = strconv.ParseUint(f[5][strings.LastIndexByte(f[5], ':')+1:], 10, 64)
	if err != nil {
		return 0, 0
	}
	return pid, inode
}

// has says that a process has a file open, where we may see it.
func has(pid int, info os.FileInfo) bool {
	dir := fmt.Sprintf("/proc/%d/fd/", pid)
	files, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, fd := range files {
		if open, err := os.Stat(dir + fd.Name()); err == nil && os.SameFile(open, info) {
			return true
		}
	}
	return false
}
