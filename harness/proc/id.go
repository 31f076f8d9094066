// Package proc reads what /proc says about processes and their connections:
// identity, descent, and which process holds which end of a connection.
package proc

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// ID is the identity of one process for its whole life: the pid alone is used
// again by the kernel, the pid with its start time is not.
type ID struct {
	PID   int
	Start uint64 // clock ticks since boot, /proc/PID/stat field 22
}

// Errors of Find and ID.Check.
var (
	ErrGone     = errors.New("the process has ended")
	ErrReplaced = errors.New("another process has taken its pid")
	ErrZombie   = errors.New("the process has ended and waits for its parent (zombie)")
)

// Find reads the identity of the running process pid. It returns ErrGone where
// there is none and ErrZombie where only its exit status is left.
func Find(pid int) (ID, error) { return live.find(pid) }

func (r root) find(pid int) (ID, error) {
	st, err := r.stat(pid)
	if err != nil {
		return ID{}, err
	}
	if st.state == 'Z' || st.state == 'X' {
		return ID{}, ErrZombie
	}
	return ID{PID: pid, Start: st.start}, nil
}

// Check returns nil while the process is the same and alive; otherwise ErrGone,
// ErrReplaced or ErrZombie.
func (id ID) Check() error {
	now, err := Find(id.PID)
	if err != nil {
		return err
	}
	if now.Start != id.Start {
		return ErrReplaced
	}
	return nil
}

// Stopped is whether a signal or a debugger has stopped the process: it runs nothing until
// it goes on. These are the states T and t of proc_pid_stat(5). It is false where the
// process is gone.
func (id ID) Stopped() bool {
	st, err := live.stat(id.PID)
	return err == nil && st.start == id.Start && (st.state == 'T' || st.state == 't')
}

type stat struct {
	state byte
	ppid  int
	pgrp  int
	start uint64
}

// stat parses /proc/PID/stat (proc_pid_stat(5)). The command name, field 2,
// may hold spaces and parentheses, so fields are counted from the last ')'.
func (r root) stat(pid int) (stat, error) {
	raw, err := r.read(pid, "stat")
	if err != nil {
		return stat{}, err
	}
	return parseStat(raw)
}

func parseStat(raw []byte) (stat, error) {
	end := bytes.LastIndexByte(raw, ')')
	if end < 0 {
		return stat{}, fmt.Errorf("stat line without a command name: %q", raw)
	}
	f := bytes.Fields(raw[end+1:])
	if len(f) < 20 || len(f[0]) != 1 {
		return stat{}, fmt.Errorf("stat line with %d fields after the name", len(f))
	}
	ppid, err1 := strconv.Atoi(string(f[1]))
	pgrp, err2 := strconv.Atoi(string(f[2]))
	start, err3 := strconv.ParseUint(string(f[19]), 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return stat{}, err
	}
	return stat{state: f[0][0], ppid: ppid, pgrp: pgrp, start: start}, nil
}
