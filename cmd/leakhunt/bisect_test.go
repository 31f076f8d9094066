package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGitBisect finds the commit that brought a leak, in a history in which
// two other commits do not start at all.
func TestGitBisect(t *testing.T) {
	t.Parallel()
	const commits, leaking = 16, 11
	broken := map[int]bool{8: true, 12: true} // both are looked at: 8 first of all
	bin, shop := build(t), goShop(t)
	dir := t.TempDir()
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		// No setting of this machine, and no terminal, has a say.
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q", "-b", "main")
	// The scenario is no part of the history: each commit is measured by the same.
	scenario := shopScenario(t, []string{"sh", filepath.Join(dir, "serve")}, []string{"/", "/cart", "/orders"})
	var hashes []string
	for i := 1; i <= commits; i++ {
		command := shop()
		if i >= leaking {
			command = shop("/orders=4096")
		}
		script := fmt.Sprintf("# commit %d\nexec %s\n", i, strings.Join(command, " "))
		if broken[i] {
			script = fmt.Sprintf("# commit %d\necho 'does not compile' >&2\nexit 1\n", i)
		}
		if err := os.WriteFile(filepath.Join(dir, "serve"), []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
		git("add", "serve")
		git("commit", "-q", "-m", fmt.Sprintf("commit %d", i))
		hashes = append(hashes, git("rev-parse", "HEAD"))
	}
	git("bisect", "start", "HEAD", hashes[0])
	out := git("bisect", "run", bin, "run", scenario, "--git-bisect", "-q")
	if want := hashes[leaking-1] + " is the first bad commit"; !strings.Contains(out, want) {
		t.Errorf("want %s (commit %d):\n%s", want, leaking, out)
	}
	log := git("bisect", "log")
	if !strings.Contains(log, "git bisect skip "+hashes[7]) {
		t.Errorf("the commit that does not start was not skipped:\n%s", log)
	}
	t.Log(log)
}
