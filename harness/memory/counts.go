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
}

// Counts counts what the process holds, now: some 2 µs for each descriptor and
// thread. What may not be read is 0; an error means that the process is lost.
// Sources are /proc/PID/status, the links in /proc/PID/fd, and
// /proc/PID/task/TID/children (proc(5)), since each thread has children of its own.
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
	return c, nil
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
