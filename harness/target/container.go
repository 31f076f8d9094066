package target

import "leakhunt/harness/proc"

// together is what helps where one of leakhunt and the application runs in a
// container: the pids of the one are then not those of the other.
const together = "It or leakhunt runs in a container of its own: run leakhunt in the application's, or beside it with a shared pid namespace " +
	"(docker run --pid=container:NAME --network=container:NAME, shareProcessNamespace: true, kubectl debug --target=NAME)."

// InContainer is the pid that a process has for itself, where it runs in a pid
// namespace below ours (pid_namespaces(7)), as in a container that we look into
// from outside; else 0.
func InContainer(pid int) int {
	st, err := proc.ReadStatus(pid)
	if err != nil || len(st.NSpid) < 2 {
		return 0
	}
	return st.NSpid[len(st.NSpid)-1]
}
