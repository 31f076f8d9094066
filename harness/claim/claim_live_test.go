//go:build live

package claim_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"leakhunt/harness/claim"
	"leakhunt/harness/proc"
)

// Containers that share a network count pids each for themselves: a process of the
// same pid and start in another of them is another process.
func TestAnotherPIDNamespaceClaimsForItself(t *testing.T) {
	const inner = "LEAKHUNT_TEST_CLAIM"
	id := proc.ID{PID: 1<<23 + 1, Start: 1}
	release, err := claim.Take(id)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if os.Getenv(inner) != "" {
		return
	}
	for namespace, flags := range map[string]uintptr{"another": syscall.CLONE_NEWPID, "the same": 0} {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), inner+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
		if flags != 0 && os.Getuid() != 0 {
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		}
		said, err := cmd.CombinedOutput()
		if refused := strings.Contains(string(said), "is being measured by another leakhunt already"); refused != (flags == 0) || (err != nil) != refused {
			t.Errorf("in %s namespace: %v\n%s", namespace, err, said)
		}
	}
}
