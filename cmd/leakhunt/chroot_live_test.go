//go:build live

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// chrooted mounts what $1 says in the folder $0, and runs the command behind it with no
// other environment than its own.
const chrooted = `set -e; cd /; mount --rbind "$0" "$0"; eval "$1"; shift
exec env -i "$@"`

// A release runs where nothing else is: without /dev, /tmp, /etc and a user of that name,
// without HOME and TERM, and where nothing can be written.
func TestBareFileSystem(t *testing.T) {
	root := t.TempDir()
	program, err := os.ReadFile(build(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "leakhunt"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	chroot, err := exec.LookPath("chroot")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"proc", "home"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) { // for any user
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const readOnly = `mount -t proc proc "$0/proc"; mount -o remount,bind,ro "$0"`
	leak := []string{"run", "demo", "--only", "/leak/16k", "--only", "/", "-n", "60", "--max-time", "60s"}
	innocents := []string{"run", "demo", "--only", "/pool", "--only", "/", "-n", "60"}
	none := []string{"--journal", "none"}
	for name, c := range map[string]struct {
		mounts, user string
		env, args    []string
		code         int
		want         []string
	}{
		"nobody at all": {readOnly, "12345:12345", nil, slices.Concat(leak, none), exitFound, []string{"/leak/16k  leak", "leaks.go:8"}},
		"a home that is not there": {
			readOnly, "12345:12345",
			[]string{"HOME=/nowhere", "TERM=dumb"},
			innocents, exitOK,
			[]string{"cannot write the journal /nowhere", "/pool  stable"},
		},
		"no home":  {`mount -t proc proc "$0/proc"`, "", nil, innocents, exitOK, []string{"there is no folder for the journal", "/pool  stable"}},
		"a home":   {`mount -t proc proc "$0/proc"; mount -t tmpfs none "$0/home"`, "", []string{"HOME=/home", "TERM=xterm"}, innocents, exitOK, []string{"/pool  stable"}},
		"no /proc": {":", "", nil, slices.Concat(innocents, none), exitUnmeasured, []string{"there is no /proc here", "mount -t proc proc /proc"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := []string{"unshare", "--mount", "--pid", "--fork", "--kill-child"}
			user := c.user
			if os.Getuid() != 0 { // root in a user namespace, which has no other user
				own, user = append(own, "--map-root-user"), ""
			}
			argv := slices.Concat(own, []string{"sh", "-c", chrooted, root, c.mounts}, c.env,
				[]string{chroot, "--userspec=" + user, root, "/leakhunt"}, c.args)
			out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
			code := 0
			if e := (*exec.ExitError)(nil); errors.As(err, &e) {
				code = e.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !bytes.Contains(out, []byte(want)) {
					t.Errorf("%q is not said", want)
				}
			}
			if code != c.code || t.Failed() {
				t.Errorf("exit %d, want %d\n%s", code, c.code, strings.TrimSpace(string(out)))
			}
		})
	}
}
