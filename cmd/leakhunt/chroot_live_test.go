//go:build live

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/target/targettest"
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
	opened(t, root, "proc", "home")
	const readOnly = `mount -t proc proc "$0/proc"; mount -o remount,bind,ro "$0"`
	leak := []string{"run", "demo", "--only", "/leak/16k", "--only", "/", "-n", "60", "--max-time", "180s"}
	innocents := []string{"run", "demo", "--only", "/pool", "--only", "/", "-n", "60"} // too few to be sure of a verdict
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
			[]string{"cannot write the journal /nowhere", "  /pool  "},
		},
		"no home":  {`mount -t proc proc "$0/proc"`, "", nil, innocents, exitOK, []string{"there is no folder for the journal", "  /pool  "}},
		"a home":   {`mount -t proc proc "$0/proc"; mount -t tmpfs none "$0/home"`, "", []string{"HOME=/home", "TERM=xterm"}, innocents, exitOK, []string{"  /pool  "}},
		"no /proc": {":", "", nil, slices.Concat(innocents, none), exitUnmeasured, []string{"there is no /proc here", "mount -t proc proc /proc"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := inside(t, root, c.mounts, c.user, c.env, slices.Concat([]string{"/leakhunt"}, c.args)).CombinedOutput()
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
			if code != c.code && (c.code != exitOK || code != exitInconclusive) || t.Failed() {
				t.Errorf("exit %d, want %d\n%s", code, c.code, strings.TrimSpace(string(out)))
			}
		})
	}
}

// The Debian package that .ci/release makes is installed by dpkg into a file system
// that has nothing else, and runs there; removed, it leaves nothing.
func TestDebianPackage(t *testing.T) {
	t.Parallel()
	out, root := t.TempDir(), t.TempDir()
	run(t, "../..", ".ci/release '"+out+"' "+runtime.GOARCH+" && cd '"+out+"' && sha256sum --check SHA256SUMS")
	opened(t, root, "proc", "var/lib/dpkg/info", "var/lib/dpkg/updates")
	for _, name := range []string{"status", "available"} {
		targettest.WriteFile(t, filepath.Join(root, "var/lib/dpkg", name), "")
	}
	dpkg := func(args ...string) {
		argv := slices.Concat(unshared("--mount"), []string{"env", "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "dpkg", "--root=" + root}, args)
		if said, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("dpkg %v: %v\n%s", args, err, said)
		}
	}
	dpkg("--install", filepath.Join(out, "leakhunt_"+runtime.GOARCH+".deb"))
	for _, file := range []string{
		"usr/bin/leakhunt", "usr/share/man/man1/leakhunt.1.gz", "usr/share/man/man1/leakhunt-run.1.gz", "usr/share/doc/leakhunt/copyright",
		"usr/share/bash-completion/completions/leakhunt", "usr/share/zsh/vendor-completions/_leakhunt", "usr/share/fish/vendor_completions.d/leakhunt.fish",
	} {
		if info, err := os.Stat(filepath.Join(root, file)); err != nil || info.Size() == 0 {
			t.Errorf("%s is not installed: %v", file, err)
		}
	}
	const proc = `mount -t proc proc "$0/proc"`
	version, err := inside(t, root, proc, "", nil, []string{"/usr/bin/leakhunt", "version"}).CombinedOutput()
	if err != nil || !regexp.MustCompile(`^leakhunt v\S+\n(?s:.*)commit [0-9a-f]{12}`).Match(version) {
		t.Errorf("version: %v\n%s", err, version)
	}
	demo := []string{"/usr/bin/leakhunt", "run", "demo", "--only", "/pool", "--only", "/", "-n", "60"}
	cmd := inside(t, root, proc, "", nil, demo)
	said, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitOK && code != exitInconclusive || !bytes.Contains(said, []byte("  /pool  ")) {
		t.Errorf("%v\n%s", err, said)
	}
	dpkg("--purge", "leakhunt")
	if _, err := os.Stat(filepath.Join(root, "usr")); !os.IsNotExist(err) {
		t.Errorf("purged, it leaves files: %v", err)
	}
}

// opened makes these folders in the root of a file system, which any user may enter.
func opened(t *testing.T, root string, folders ...string) {
	t.Helper()
	for _, dir := range folders {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// unshared begins a command in namespaces of its own: of root, or of whom it takes for root.
func unshared(namespaces ...string) []string {
	own := slices.Concat([]string{"unshare"}, namespaces)
	if os.Getuid() != 0 {
		own = append(own, "--map-root-user")
	}
	return own
}

// inside is a command in that file system, with what is mounted there, as that user.
func inside(t *testing.T, root, mounts, user string, env, args []string) *exec.Cmd {
	t.Helper()
	chroot, err := exec.LookPath("chroot")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 { // a user namespace has no other user
		user = ""
	}
	argv := slices.Concat(unshared("--mount", "--pid", "--fork", "--kill-child"), []string{"sh", "-c", chrooted, root, mounts},
		env, []string{chroot, "--userspec=" + user, root}, args)
	return exec.Command(argv[0], argv[1:]...)
}
