// Package claim keeps two runs from measuring one process at the same time: each
// would take the other's requests for growth of its own.
package claim

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// Take claims a process until release is called or this program ends. Its error, a
// Measure fault, names the run that has claimed it already.
//
// The claim is a listening socket with an abstract name (unix(7)), made of the pid
// and the start of the process. The pid namespace is part of it: containers may share
// a network, and with it such names. Unlike a file it is seen by every user, needs no
// folder that all may write to, and ends with its holder however that ends. Where no
// such socket can be made, nothing is claimed, and nothing is refused.
func Take(id proc.ID) (release func(), err error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name(id), Net: "unix"})
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, taken(id)
	case err != nil:
		return func() {}, nil //nolint:nilerr // it is no reason to measure nothing
	}
	return func() { _ = l.Close() }, nil
}

// Port claims a TCP port of 127.0.0.1 that a command is to listen at, until release is
// called or this program ends. Another leakhunt that is given it meanwhile would ask for
// its own command there. ok is false where another has it.
func Port(port string) (release func(), ok bool) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: "@leakhunt/port-" + port, Net: "unix"})
	if err != nil {
		return func() {}, !errors.Is(err, syscall.EADDRINUSE)
	}
	return func() { _ = l.Close() }, true
}

func name(id proc.ID) string {
	return fmt.Sprintf("@leakhunt/%s-%d-%d", proc.PIDNamespace(), id.PID, id.Start)
}

func taken(id proc.ID) error {
	const why = "each would take the other's requests for growth"
	if holder := holder(id); holder != 0 {
		return fault.Measuref("pid %d is being measured by another leakhunt already, pid %d: %s", id.PID, holder, why).
			WithHint("Wait until that has ended, or end it: kill -INT %d", holder)
	}
	return fault.Measuref("pid %d is being measured by another leakhunt already: %s", id.PID, why).
		WithHint("Wait until that has ended; it belongs to another user.")
}

// holder is the pid of who has claimed a process; 0 where that is not to be seen.
func holder(id proc.ID) int {
	all, _, err := proc.Listeners()
	if err != nil {
		return 0
	}
	for _, l := range all {
		if l.Path == name(id) && len(l.PIDs) > 0 {
			return l.PIDs[0]
		}
	}
	return 0
}
