package memory

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Counts are what a process holds beside memory.
type Counts struct {
	Descriptors int // open files, sockets included
	Sockets     int
	Threads     int
	Children    int // processes that it started and that it has not waited for, of the same user or not
	// Mappings are those of files and of shared memory. What is private and of no file is
	// what heaps, arenas and stacks are made of: bytes and threads tell of them, and how
	// many mappings they are is the kernel's affair, which joins neighbours.
	Mappings int
}

// Counts counts what the process holds, now: some 2 µs for each descriptor, thread and
// mapping. What may not be read is 0; an error means that the process is lost.
// Sources are /proc/PID/status, the links in /proc/PID/fd, /proc/PID/task/TID/children
// (proc(5)), since each thread has children of its own, and /proc/PID/maps.
func (m *Meter) Counts() (c Counts, err error) {
	if err := m.id.Check(); err != nil {
		return Counts{}, err
	}
	raw, err := m.readStatus()
	if err != nil {
		return Counts{}, err
	}
	if v, ok := line(raw, "Threads"); ok {
		c.Threads, _ = strconv.Atoi(string(v))
	}
	fds, err := names(m.path("fd"))
	if err != nil {
		return Counts{}, m.lost(err)
	}
	c.Descriptors = len(fds)
	for _, fd := range fds {
		// One that was closed meanwhile is none any longer.
		if to, err := os.Readlink(m.path("fd/" + fd)); err == nil && strings.HasPrefix(to, "socket:[") {
			c.Sockets++
		}
	}
	tasks, err := names(m.path("task"))
	if err != nil {
		return Counts{}, m.lost(err)
	}
	for _, task := range tasks {
		// A thread may have ended, and a kernel may be without CONFIG_PROC_CHILDREN.
		if pids, err := os.ReadFile(m.path("task/" + task + "/children")); err == nil {
			c.Children += len(bytes.Fields(pids))
		}
	}
	maps, err := os.ReadFile(m.path("maps"))
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return Counts{}, m.lost(err)
	}
	c.Mappings = mappings(maps)
	return c, nil
}

// mappings are those in the text of /proc/PID/maps that have an inode. A memfd is left
// out: that is a heap in the clothes of a file (ZGC), or code that was compiled (.NET).
func mappings(maps []byte) (n int) {
	for l := range bytes.Lines(maps) {
		// address perms offset dev inode path
		for range 4 {
			_, l, _ = bytes.Cut(l, []byte(" "))
		}
		inode, path, _ := bytes.Cut(bytes.TrimSpace(l), []byte(" "))
		if len(inode) > 0 && string(inode) != "0" && !bytes.HasPrefix(bytes.TrimLeft(path, " "), []byte("/memfd:")) {
			n++
		}
	}
	return n
}

// names are the names in a folder; none where it may not be read.
func names(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err == nil {
		defer f.Close()
		var all []string
		if all, err = f.Readdirnames(-1); err == nil {
			return all, nil
		}
	}
	if errors.Is(err, fs.ErrPermission) && !errors.Is(err, syscall.ESRCH) {
		return nil, nil
	}
	return nil, err
}
