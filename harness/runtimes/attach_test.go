package runtimes

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// fakeJVM listens where the JVM of a process would, and hands each command that
// comes to answer, with the connection.
func fakeJVM(t *testing.T, pid int, answer func(conn net.Conn, command string)) {
	t.Helper()
	accept(t, fmt.Sprintf("/tmp/.java_pid%d", pid), func(conn net.Conn) {
		r := bufio.NewReader(conn)
		var fields []string
		for len(fields) < 5 {
			field, err := r.ReadString(0)
			if err != nil {
				break
			}
			fields = append(fields, strings.TrimSuffix(field, "\x00"))
		}
		if len(fields) == 5 && fields[0] == "1" && fields[1] == "jcmd" && fields[3]+fields[4] == "" {
			answer(conn, fields[2])
		}
	})
}

func TestDiagnose(t *testing.T) {
	answers := map[string]string{
		"GC.class_histogram": "0\n" + histogram, "GC.heap_dump /tmp/a b": "0\n", "cut off": "0\n" + histogram[:200],
		"unknown": "1\njava.lang.IllegalArgumentException: Unknown diagnostic command\n\tat a.B.c\n", "old": "101\n",
		"silent": "", "cut": "0", "http": "HTTP/1.1 400 Bad Request\n",
	}
	fakeJVM(t, os.Getpid(), func(conn net.Conn, command string) { _, _ = conn.Write([]byte(answers[command])) })
	for command, want := range map[string]string{"GC.class_histogram": histogram, "GC.heap_dump /tmp/a b": ""} {
		if text, err := diagnose(t.Context(), os.Getpid(), command); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", command, text, err)
		}
	}
	for command, want := range map[string]string{
		"unknown": "did not do as asked: error 1: java.lang.IllegalArgumentException: Unknown diagnostic command", "old": "error 101: ",
		"silent": "hung up without an answer", "cut": `"0" is no answer`, "http": `"HTTP/1.1 400 Bad Request" is no answer`,
	} {
		text, err := diagnose(t.Context(), os.Getpid(), command)
		if text != nil || err == nil || !strings.HasSuffix(err.Error(), want) || fault.KindOf(err) != fault.Measure {
			t.Errorf("%s: %q, %v, want %q", command, text, err, want)
		}
	}
	text, err := diagnose(t.Context(), os.Getpid(), "cut off")
	if classes, lost := parseHistogram(text); err != nil || lost == nil {
		t.Errorf("an answer that was cut off: %v, %v", classes, err)
	}
}

// A JVM that is busy or stopped is waited for until the context ends, which
// closes the connection.
func TestDiagnoseASilentJVM(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hungUp := make(chan error)
	fakeJVM(t, os.Getpid(), func(conn net.Conn, _ string) {
		cancel()
		_, err := conn.Read(make([]byte, 1))
		hungUp <- err
	})
	_, err := diagnose(ctx, os.Getpid(), "GC.run")
	if err == nil || !strings.Contains(err.Error(), "got no answer") || fault.HintOf(err) == "" {
		t.Errorf("got %v", err)
	}
	if err := <-hungUp; err == nil {
		t.Error("the connection was kept")
	}
}

// sleeper is a process that can be asked nothing.
func sleeper(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

func TestAnotherOnTheSocket(t *testing.T) {
	pid := sleeper(t)
	asked := false
	fakeJVM(t, pid, func(net.Conn, string) { asked = true })
	_, err := diagnose(t.Context(), pid, "GC.run")
	if want := fmt.Sprintf("process %d listens, not process %d", os.Getpid(), pid); err == nil || !strings.Contains(err.Error(), want) || asked {
		t.Errorf("%v, want %q; asked: %t", err, want, asked)
	}
}

func TestCheckJVMSocket(t *testing.T) {
	path := fmt.Sprintf("/tmp/.java_pid%d", os.Getpid())
	fakeJVM(t, os.Getpid(), func(net.Conn, string) {})
	for name, c := range map[string]struct {
		path string
		uid  int
		ok   bool
	}{
		"its own": {path, os.Getuid(), true}, "another user's": {path, os.Getuid() + 1, false}, "no socket": {"/proc/self/maps", os.Getuid(), false},
	} {
		info, err := os.Lstat(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkJVMSocket(c.path, info, c.uid); (err == nil) != c.ok || !c.ok && fault.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What lies there is looked at before anything is sent to it.
func TestNoSocket(t *testing.T) {
	path := fmt.Sprintf("/tmp/.java_pid%d", os.Getpid())
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(path) })
	if _, err := diagnose(t.Context(), os.Getpid(), "GC.run"); err == nil || !strings.Contains(err.Error(), "is no socket") {
		t.Errorf("got %v", err)
	}
}

func TestAttachable(t *testing.T) {
	maps := "7f00 r-xp 0 fe:01 1 /usr/lib/jvm/17/lib/server/libjvm.so\n"
	caught := proc.Status{Caught: 1 << (syscall.SIGQUIT - 1)}
	for name, c := range map[string]struct {
		maps      string
		st        proc.Status
		argv, env []string
		perf      string
		want      string
	}{
		"HotSpot":         {maps, caught, []string{"java", "App", "-XX:-DisableAttachMechanism"}, []string{"A=" + noAttach}, "", ""},
		"no JVM":          {"7f00 r-xp 0 fe:01 1 /usr/lib/libc.so.6\n", caught, nil, nil, "", "is no JVM"},
		"OpenJ9":          {maps + "7f10 r-xp 0 fe:01 1 /opt/java/lib/default/libj9vm29.so\n", caught, nil, nil, "", "runs on OpenJ9"},
		"it would end it": {maps, proc.Status{Caught: ^caught.Caught}, nil, nil, "", "SIGQUIT would end it"},
		"switched off":    {maps, caught, []string{"java", noAttach, "App"}, nil, "", "was started with " + noAttach},
		"by environment":  {maps, caught, []string{"java", "App"}, []string{"A=1", "JAVA_TOOL_OPTIONS=-Xmx1g '" + noAttach + "'"}, "", "was started with"},
		"of the launcher": {maps, caught, []string{"java", "App"}, []string{"JDK_JAVA_OPTIONS=" + noAttach}, "", "was started with"},
		"of Oracle's":     {maps, caught, []string{"java", "App"}, []string{"_JAVA_OPTIONS=" + noAttach}, "", "was started with"},
		"by a file":       {maps, caught, []string{"java", "@args"}, nil, "java.rt.vmArgs\x00-Xmx1g -XX:+DisableAttachMechanism\x00", "was started with"},
		"by its flags":    {maps, caught, []string{"java", "-XX:Flags=f"}, nil, "java.rt.vmFlags\x00+DisableAttachMechanism\x00", "was started with"},
		"not by a file":   {maps, caught, []string{"java", "@args"}, nil, "java.rt.vmArgs\x00-XX:-DisableAttachMechanism\x00", ""},
	} {
		err := attachable(42, []byte(c.maps), c.st, c.argv, c.env, []byte(c.perf))
		if c.want == "" && err == nil {
			continue
		}
		if c.want == "" || err == nil || !strings.Contains(err.Error(), c.want) || fault.HintOf(err) == "" {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func FuzzParseResult(f *testing.F) {
	f.Add([]byte("0\n" + histogram))
	f.Add([]byte("101\nx\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		text, err := parseResult(answer)
		if err != nil && (text != nil || strings.ContainsAny(err.Error(), "\n\x1b")) {
			t.Fatalf("%q with %q", err, text)
		}
		if head, ok := bytes.CutSuffix(answer, text); err == nil && (!ok || len(bytes.Trim(head, "+-0")) != 1) {
			t.Fatalf("%q of %q", text, answer)
		}
	})
}
