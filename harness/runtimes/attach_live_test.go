//go:build live

package runtimes

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// classes is a folder with the fixture, which any user can read.
func classes(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "classes") //nolint:usetesting // others cannot read t.TempDir's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // another user reads it
		t.Fatal(err)
	}
	build(t, "javac", "-d", dir, "testdata/java/App.java")
	return dir
}

// java starts the fixture, with what goes before java on its command line, and
// returns the pid of its JVM. end has it end, and returns what it printed: where
// both wait, the JVM looks at SIGQUIT before SIGTERM (os::signal_wait).
func java(t *testing.T, dir string, env, before []string, flags ...string) (pid int, end func() string) {
	t.Helper()
	argv := append(append(before, "java"), append(flags, "-cp", ".", "App")...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	out := bufio.NewReader(stdout)
	if line, err := out.ReadString('\n'); err != nil {
		t.Fatalf("%v printed no port: %q, %v", argv, line, err)
	}
	pid = cmd.Process.Pid
	if inner, _ := proc.Descendants(pid); len(inner) > 0 {
		pid = inner[len(inner)-1]
	}
	return pid, func() string {
		_ = syscall.Kill(pid, syscall.SIGTERM)
		said, err := io.ReadAll(out)
		if err != nil {
			t.Error(err)
		}
		return string(said)
	}
}

// inside has a process in a pid namespace and with a /tmp of its own, as a
// container has them.
func inside() []string {
	own := []string{"unshare", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc"}
	if os.Getuid() != 0 {
		own = append(own, "--map-root-user")
	}
	return append(own, "sh", "-c", `mount --bind . /mnt && mount -t tmpfs tmpfs /tmp && cd /mnt && exec "$@"`, "sh")
}

// nobody has a process of another user. The tests are root's, which .ci/run is.
func nobody() []string {
	return []string{"setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"}
}

// clean ends a JVM, which has the pid own for itself, and sees that nothing was
// left beside it or printed by it.
func clean(t *testing.T, pid, own int, end func() string) {
	t.Helper()
	for _, dir := range []string{"root/tmp", "cwd"} {
		left := fmt.Sprintf("/proc/%d/%s/.attach_pid%d", pid, dir, own)
		if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", left, err)
		}
	}
	if said := end(); said != "" {
		t.Errorf("the application's output says %.300s", said)
	}
}

func TestLiveAttach(t *testing.T) {
	dir := classes(t)
	for name, before := range map[string][]string{"our own": nil, "in a container": inside(), "of another user": nobody()} {
		t.Run(name, func(t *testing.T) {
			pid, end := java(t, dir, nil, before)
			j, err := NewJVM(t.Context(), pid)
			if err != nil {
				t.Fatal(err)
			}
			if values, err := j.Read(t.Context()); err != nil || values[0] < 1000 {
				t.Errorf("the second time: %v, %v", values, err)
			}
			// It reads and writes files in its own /tmp.
			if err := j.StartTrace(t.Context()); err != nil {
				t.Fatal(err)
			}
			// What the JVM makes by itself meanwhile may be too little for a line.
			if _, err := j.StopTrace(t.Context()); err != nil || j.Remark() != "" && !strings.HasPrefix(j.Remark(), "no line of") {
				t.Errorf("a flight recording: %v %s", err, j.Remark())
			}
			own := pid
			if name == "in a container" {
				own = 1
			}
			if err := os.Remove(fmt.Sprintf("/proc/%d/root/tmp/.java_pid%d", pid, own)); err != nil {
				t.Fatal(err)
			}
			if _, err := j.Read(t.Context()); err != nil {
				t.Errorf("its socket was removed: %v", err)
			}
			clean(t, pid, own, end)
		})
	}
}

// A JVM that cannot answer is left alone: no signal, or none that it prints
// anything at.
func TestLiveAttachRefused(t *testing.T) {
	dir := classes(t)
	for name, text := range map[string]string{"args": noAttach, "flags": "+DisableAttachMechanism"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		env, before, flags []string
		want, hint         string
	}{
		"by its command line":    {nil, nil, []string{noAttach}, "was started with " + noAttach, "without that setting"},
		"by its environment":     {[]string{"JDK_JAVA_OPTIONS=" + noAttach}, nil, nil, "was started with " + noAttach, "without that setting"},
		"by a file of arguments": {nil, nil, []string{"@args"}, "was started with " + noAttach, "without that setting"},
		"by a file of flags":     {nil, nil, []string{"-XX:Flags=flags"}, "was started with " + noAttach, "without that setting"},
		// It does not know root, as no JVM before JDK 11 does.
		"by its user namespace": {nil, append(nobody(), "unshare", "--user", "--map-user=1000", "--map-group=1000"), nil, "hung up without an answer", "sudo -u nobody leakhunt"},
	} {
		t.Run(name, func(t *testing.T) {
			pid, end := java(t, dir, c.env, c.before, c.flags...)
			if _, err := NewJVM(t.Context(), pid); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(fault.HintOf(err), c.hint) {
				t.Errorf("%v (%s), want %q", err, fault.HintOf(err), c.want)
			}
			clean(t, pid, pid, end)
		})
	}
}

// With -Xrs the socket is there from the start, and SIGQUIT would end the JVM.
func TestLiveAttachWithoutSignals(t *testing.T) {
	pid, end := java(t, classes(t), nil, nil, "-Xrs")
	j, err := NewJVM(t.Context(), pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(fmt.Sprintf("/tmp/.java_pid%d", pid)); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "SIGQUIT would end it") {
		t.Errorf("got %v", err)
	}
	if _, err := proc.Find(pid); err != nil {
		t.Error(err)
	}
	clean(t, pid, pid, end)
}

// A JVM that is stopped is waited for as long as the context says, and answers
// again afterwards.
func TestLiveAttachStopped(t *testing.T) {
	pid, end := java(t, classes(t), nil, nil)
	j, err := NewJVM(t.Context(), pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(10 * time.Second); !stopped(t, pid); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("it goes on")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := j.Read(ctx); err == nil || !strings.Contains(err.Error(), "got no answer") || fault.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Read(t.Context()); err != nil {
		t.Error(err)
	}
	clean(t, pid, pid, end)
}

// stopped says whether each thread of a process is: on a busy machine a signal takes its
// time to reach the last of them, which may answer meanwhile.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("threads %v, %v", threads, err)
	}
	return !slices.ContainsFunc(threads, func(file string) bool {
		text, err := os.ReadFile(file)
		return err == nil && !bytes.Contains(text, []byte(") T "))
	})
}
