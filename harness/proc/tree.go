package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Parent is the pid of a process's parent. A child whose parent has ended is
// its nearest subreaper's, or that of pid 1.
func Parent(pid int) (int, error) {
	st, err := live.stat(pid)
	return st.ppid, err
}

// Group is the process group of a process.
func Group(pid int) (int, error) {
	st, err := live.stat(pid)
	return st.pgrp, err
}

// Descendants are the children of a process, their children and so on: parents
// before their children. Processes come and go while it looks.
func Descendants(pid int) ([]int, error) { return live.descendants(pid) }

func (r root) descendants(pid int) ([]int, error) {
	all, err := r.pids()
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, p := range all {
		if st, err := r.stat(p); err == nil {
			children[st.ppid] = append(children[st.ppid], p)
		}
	}
	var found []int
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		found = append(found, children[queue[0]]...)
		queue = append(queue, children[queue[0]]...)
		delete(children, queue[0]) // a tree read while it changes may hold a ring
	}
	return found, nil
}

// Uptime is how long ago the process was started. It is told to a hundredth
// of a second (USER_HZ, which is 100 on every architecture that Go runs on).
func (id ID) Uptime() (time.Duration, error) {
	raw, err := os.ReadFile(string(live) + "/uptime")
	if err != nil {
		return 0, err
	}
	return parseUptime(raw, id.Start)
}

const tick = time.Second / 100

// parseUptime takes a start in ticks since boot from /proc/uptime, whose first
// field is the seconds since boot.
func parseUptime(raw []byte, start uint64) (time.Duration, error) {
	f := bytes.Fields(raw)
	if len(f) == 0 {
		return 0, fmt.Errorf("uptime: nothing in it")
	}
	up, err := strconv.ParseFloat(string(f[0]), 64)
	if err != nil || !(up >= 0 && up < 1e9) || start > 1e11 {
		return 0, fmt.Errorf("uptime: %q", raw)
	}
	return max(0, time.Duration(up*float64(time.Second))-time.Duration(start)*tick), nil
}

// Status is what /proc/PID/status says of one process (proc_pid_status(5)).
type Status struct {
	UID int // effective
	// NSpid are its pids, from our own pid namespace inwards: in a container
	// that we look into from outside, the last is the pid it knows itself by.
	NSpid []int
	// Caught are the signals that it handles itself, signal n as bit n-1.
	Caught uint64
}

// Catches says whether the process handles a signal itself.
func (s Status) Catches(sig syscall.Signal) bool { return s.Caught>>(sig-1)&1 == 1 }

// Inner is the pid that the process has for itself in a pid namespace below ours
// (pid_namespaces(7)); 0 where it runs in ours. A container that we look into from
// outside has such a namespace.
func (s Status) Inner() int {
	if len(s.NSpid) < 2 {
		return 0
	}
	return s.NSpid[len(s.NSpid)-1]
}

// ReadStatus reads the status of a process.
func ReadStatus(pid int) (Status, error) {
	raw, err := live.read(pid, "status")
	if err != nil {
		return Status{}, err
	}
	return parseStatus(raw)
}

func parseStatus(raw []byte) (Status, error) {
	st := Status{UID: -1}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		f := strings.Fields(value)
		switch name {
		case "Uid":
			if len(f) < 2 {
				return Status{}, fmt.Errorf("status: %q", line)
			}
			uid, err := strconv.ParseUint(f[1], 10, 32)
			if err != nil {
				return Status{}, fmt.Errorf("status: %w", err)
			}
			st.UID = int(uid)
		case "SigCgt":
			var err error
			if st.Caught, err = strconv.ParseUint(strings.TrimSpace(value), 16, 64); err != nil {
				return Status{}, fmt.Errorf("status: %w", err)
			}
		case "NSpid":
			for _, s := range f {
				n, err := strconv.ParseUint(s, 10, 31)
				if err != nil {
					return Status{}, fmt.Errorf("status: %w", err)
				}
				st.NSpid = append(st.NSpid, int(n))
			}
		}
	}
	return st, nil
}
