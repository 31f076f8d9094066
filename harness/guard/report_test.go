package guard

import (
	"strings"
	"syscall"
	"testing"
)

// What a guard reports is read whatever else stands there.
func FuzzReports(f *testing.F) {
	f.Add("started 12 11\nended 12 256\n")
	f.Add("failed no such file\n")
	f.Add("ended x\nended 1 -1\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		reports(strings.NewReader(text), func(pid, guard int, failed string) {
			if (pid > 0) == (failed != "") || (pid > 0) != (guard > 0) {
				t.Errorf("either pids or a reason, not %d, %d and %q", pid, guard, failed)
			}
		}, func(int, syscall.WaitStatus) {})
	})
}

func TestDescribeStatus(t *testing.T) {
	for status, want := range map[syscall.WaitStatus]string{
		0: "with exit status 0", 3 << 8: "with exit status 3", 9: "by signal 9 (SIGKILL: somebody killed it, or the kernel for want of memory)", 11: "by signal 11 (SIGSEGV)",
	} {
		if got := describeStatus(status); got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}
