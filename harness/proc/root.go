package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"leakhunt/harness/fault"
)

// root is a proc file system; tests read from a copy.
type root string

const live root = "/proc"

// Mounted is an error where processes are not to be seen here at all.
func Mounted() error { return live.mounted() }

func (r root) mounted() error {
	if _, err := os.Stat(string(r) + "/self/stat"); err != nil {
		return fault.Measuref("there is no %s here, which memory and processes are read from", r).Because(err).
			WithHint("Mount it: mount -t proc proc %s", r)
	}
	return nil
}

// PIDNamespace is the pid namespace that pids count in here (pid_namespaces(7)), as
// "pid:[4026531836]"; empty where the kernel does not say.
func PIDNamespace() string {
	name, _ := os.Readlink(string(live) + "/self/ns/pid")
	return name
}

func (r root) path(pid int, name string) string {
	return string(r) + "/" + strconv.Itoa(pid) + "/" + name
}

// read reads one file of a process. Its errors are ErrGone, and a
// *fault.Error that wraps fs.ErrPermission and names the command that would
// be allowed to.
func (r root) read(pid int, name string) ([]byte, error) {
	raw, err := os.ReadFile(r.path(pid, name))
	if err != nil {
		return nil, r.explain(pid, err)
	}
	return raw, nil
}

func (r root) explain(pid int, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ESRCH):
		return ErrGone
	case errors.Is(err, fs.ErrPermission):
		uid := -1
		if info, err := os.Stat(r.path(pid, "")); err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				uid = int(st.Uid)
			}
		}
		return denied(fmt.Sprintf("pid %d", pid), uid)
	}
	return err
}

// denied says that a process may not be looked into, and who may.
func denied(what string, uid int) error {
	owner, as := "another user", ""
	if uid >= 0 {
		owner = UserName(uid)
		as = ", or as its user: sudo -u " + owner + " leakhunt …"
		owner = "user " + owner
	}
	return fault.Measuref("%s belongs to %s and may not be looked into", what, owner).
		WithHint("Run leakhunt as root: sudo leakhunt …%s", as).Because(fs.ErrPermission)
}

// UserName is the name of a user id, or the number where it has none here.
func UserName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "#" + strconv.Itoa(uid)
}

// pids are all processes, ascending.
func (r root) pids() ([]int, error) {
	dir, err := os.Open(string(r))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, nil
}

// Cmdline is the command line of a process. A process that has set its title
// has a single argument: "puma 5.6.5 (tcp://127.0.0.1:3000) [shop]". It is
// empty for a kernel thread and for a zombie.
func Cmdline(pid int) ([]string, error) {
	raw, err := live.read(pid, "cmdline")
	return parseStrings(raw), err
}

// Environ is the environment that a process was started with, NAME=value. It
// may hold secrets.
func Environ(pid int) ([]string, error) {
	raw, err := live.read(pid, "environ")
	return whole(parseStrings(raw)), err
}

// whole undoes what glibc's loader does to GLIBC_TUNABLES where it stands: it
// ends each of its settings with a NUL in place of the colon (elf/dl-tunables.c,
// parse_tunables, up to 2.38).
func whole(env []string) []string {
	var out []string
	for _, e := range env {
		last := len(out) - 1
		if strings.HasPrefix(e, "glibc.") && last >= 0 && strings.HasPrefix(out[last], "GLIBC_TUNABLES=") {
			out[last] += ":" + e
			continue
		}
		out = append(out, e)
	}
	return out
}

// Exe is the path of the program that a process runs, as it was when it
// started; " (deleted)" is taken off.
func Exe(pid int) (string, error) {
	path, err := os.Readlink(live.path(pid, "exe"))
	if err != nil {
		return "", live.explain(pid, err)
	}
	return strings.TrimSuffix(path, " (deleted)"), nil
}

// parseStrings splits NUL-terminated strings. A title that was written over
// the arguments may be padded with NULs or spaces, which are no arguments.
func parseStrings(raw []byte) []string {
	raw = bytes.TrimRight(raw, "\x00")
	if len(raw) == 0 {
		return nil
	}
	return strings.Split(string(raw), "\x00")
}
