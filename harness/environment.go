package harness

import (
	"os"
	"runtime"
	"strings"
)

// environment is the machine the run was made on.
func (h *hunt) environment() Environment {
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		kernel = []byte("unknown")
	}
	e := Environment{
		OS: runtime.GOOS, Kernel: strings.TrimSpace(string(kernel)), CPUs: runtime.NumCPU(),
		PageBytes: os.Getpagesize(), Allocator: h.allocator,
	}
	if e.Allocator == "" {
		e.Allocator = "unknown"
	}
	return e
}
