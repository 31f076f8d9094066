//go:build live

package fault_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Elsewhere than on Linux the compiler says one sentence.
func TestOtherSystems(t *testing.T) {
	for _, system := range []string{"darwin", "windows"} {
		cmd := exec.Command("go", "build", "leakhunt/cmd/leakhunt")
		cmd.Env = append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "builds and runs on Linux alone") || strings.Count(string(out), "\n# ") > 0 {
			t.Errorf("%s: %v\n%s", system, err, out)
		}
	}
}
