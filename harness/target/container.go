package target

import (
	"errors"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/harness/target/passenger"
)

// together is what helps where one of leakhunt and the application runs in a
// container: the pids of the one are then not those of the other.
const together = "It or leakhunt runs in a container of its own: run leakhunt in the application's, or beside it with a shared pid namespace " +
	"(docker run --pid=container:NAME --network=container:NAME, shareProcessNamespace: true, kubectl debug --target=NAME)."

// InContainer is the pid that a process has for itself in a container that we look
// into from outside; else 0.
func InContainer(pid int) int {
	st, _ := proc.ReadStatus(pid) // of one that has ended there is none
	return st.Inner()
}

// unfound says why a process that Passenger names is not found by that pid,
// which failed with err. Where the core goes by its own pid here, pids are the
// same for both of us: the process has ended, which the pool notices within five
// seconds (6.0.17, measured). Else one of us runs in a container.
func unfound(in passenger.Instance, err error) *fault.Error {
	core, _ := proc.Cmdline(in.Core)
	if errors.Is(err, proc.ErrGone) && (len(core) == 0 || !strings.HasPrefix(core[0], "Passenger")) {
		return fault.Measuref("its process is not to be seen from here").WithHint("%s", together)
	}
	return fault.Measuref("its process has ended, and Passenger has not noticed yet").
		WithHint("It does within seconds, and puts another in its place where it needs one: try again.")
}
