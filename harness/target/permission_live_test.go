//go:build live

package target_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"leakhunt/harness/target/targettest"
)

// A process of another user is refused with the command that would be allowed.
// The test is root's, which .ci/run is.
func TestAnotherUsersProcess(t *testing.T) {
	at := "127.0.0.1:" + targettest.FreePort(t)
	serve(t, "tcp", at)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "TARGET_TEST_ROLE=pin", "TARGET_TEST_URL=http://"+at)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err, string(said))
	}
	for _, want := range []string{"the process that answers belongs to user root and may not be looked into", "sudo leakhunt", "sudo -u root leakhunt"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("%s\nwant %q in it", said, want)
		}
	}
}
