package memory

import (
	"os"
	"os/user"
	"strconv"
	"syscall"

	"leakhunt/harness/fault"
)

// forbidden says whose process it is, and what would work.
func forbidden(pid int, cause error) error {
	err := fault.Measuref("no permission to read the memory of process %d", pid).Because(cause)
	if owner := ownerOf(pid); owner != "" {
		return err.WithHint("It runs as %s: run leakhunt as that user (sudo -u %s leakhunt …) or as root (sudo leakhunt …).", owner, owner)
	}
	return err.WithHint("Run leakhunt as the user who runs the process, or as root (sudo leakhunt …).")
}

func ownerOf(pid int) string {
	info, err := os.Stat("/proc/" + strconv.Itoa(pid))
	if err != nil {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	uid := strconv.FormatUint(uint64(st.Uid), 10)
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return "#" + uid // as sudo -u takes a number
}
