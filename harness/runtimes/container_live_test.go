//go:build live

package runtimes

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// In a container the agent names its socket by the pid that the process has
// there, and is found from outside by the one it has here.
func TestLiveAgentInAContainer(t *testing.T) {
	env, cleanup, err := Preload()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cleanup)
	dir := lookup(env, AgentVar)
	own := []string{"--pid", "--fork", "--kill-child", "--mount-proc"}
	if os.Getuid() != 0 {
		own = append(own, "--map-root-user")
	}
	cmd := exec.Command("unshare", append(own, "node", "-e", "setInterval(() => {}, 1000)")...)
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var inside int
	for inside == 0 {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(string(children), &inside); err != nil {
			time.Sleep(5 * time.Millisecond) // between two looks
		}
	}
	a, err := Dial(t.Context(), dir, inside)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if values, err := a.Read(t.Context()); err != nil || values[0] <= 0 {
		t.Errorf("got %v, %v", values, err)
	}
	if names, _ := filepath.Glob(dir + "/*.sock"); len(names) != 1 || !strings.HasSuffix(names[0], "/1.sock") {
		t.Errorf("sockets %v", names)
	}
	if found := AgentFolder(inside); found != dir {
		t.Errorf("its folder is said to be %q, not %s", found, dir)
	}
}
