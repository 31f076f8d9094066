//go:build live

package target_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest"
)

// inside is a command line that runs another in a pid namespace of its own, with
// a /proc of its own, as a container has it; the network is shared.
func inside(argv ...string) []string {
	own := []string{"unshare", "--pid", "--fork", "--kill-child", "--mount-proc"}
	if os.Getuid() != 0 {
		own = append(own, "--map-root-user")
	}
	return append(own, argv...)
}

// An application in a container is pinned from outside by the pid that it has
// here, and its memory is read.
func TestApplicationInAContainer(t *testing.T) {
	at := "127.0.0.1:" + targettest.FreePort(t)
	targettest.Start(t, "", []string{"TARGET_TEST_SERVE=" + at}, inside(testBinary)...)
	targettest.Await(t, "tcp", at)
	p, err := open(t, url("http://"+at), target.Options{}).Pin(t.Context())
	if err != nil {
		t.Fatalf("%v (%s)", err, fault.HintOf(err))
	}
	defer p.Close()
	client := load.New(p.Endpoint(), false)
	defer client.Close()
	own := string(do(t, client, load.Spec{Method: "GET", URI: "/pid"}).Body)
	pid := p.Process().PID
	if own != "1" || pid == 1 || target.InContainer(pid) != 1 {
		t.Errorf("pinned pid %d, which is %d in its container and says that it is %s", pid, target.InContainer(pid), own)
	}
	m, err := memory.Open(p.Process())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if rss, err := m.RSS(); err != nil || rss < 1<<20 {
		t.Errorf("RSS %d: %v", rss, err)
	}
	if err := p.Check(t.Context(), client.Conn()); err != nil {
		t.Error(err)
	}
	list, err := target.List(t.Context(), target.ListOptions{Registry: []string{t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range list {
		if e.PID == pid {
			found = e.InContainer == 1 && e.RSS > 0 && e.Problem == ""
		}
	}
	if !found {
		t.Errorf("it is not listed as it should be: %+v", list)
	}
	// The pid that the container's own ps shows.
	err = pinOnly(t, withPID("http://"+at, 1))
	if err == nil || !strings.Contains(err.Error(), "pid 1 is what pid "+fmt.Sprint(pid)) || !strings.Contains(fault.HintOf(err), fmt.Sprintf("Set target.pid to %d", pid)) {
		t.Errorf("%v (%s)", err, fault.HintOf(err))
	}
}

// leakhunt in a container does not see the processes outside, and says so.
func TestLeakhuntInAContainer(t *testing.T) {
	at := "127.0.0.1:" + targettest.FreePort(t)
	serve(t, "tcp", at)
	for role, want := range map[string][]string{
		"pin":  {"belongs to no process that can be seen from here", "runs in a container of its own", "--pid=container:NAME"},
		"list": {at, "its process is not to be seen from here", "shared pid namespace"},
	} {
		argv := inside(testBinary)
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env = append(os.Environ(), "TARGET_TEST_ROLE="+role, "TARGET_TEST_URL=http://"+at)
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatal(err, string(said))
		}
		for _, w := range want {
			if !strings.Contains(string(said), w) {
				t.Errorf("%s: %s\nwant %q in it", role, said, w)
			}
		}
	}
}
