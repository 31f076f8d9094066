//go:build live

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest/passengertest"
	"leakhunt/report"
)

// output runs leakhunt and returns its exit code and streams.
func output(t *testing.T, bin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return outputIn(t, nil, bin, args...)
}

// outputIn does it with more variables in the environment.
func outputIn(t *testing.T, env []string, bin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // its exit code is what is asked for
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// TestSendToAll is the health check of six processes, and then of five and one
// that is stuck.
func TestSendToAll(t *testing.T) {
	t.Parallel()
	shop := fmt.Sprintf("shop-%d", os.Getpid()) // others may run one
	s := passengertest.Apache(t, "", passengertest.App{Name: shop, Type: "rack", Processes: 6})
	in := s.Warm(t)
	env, bin := []string{"PASSENGER_INSTANCE_REGISTRY_DIR=" + s.Registry}, build(t)
	want := map[int]bool{}
	for _, p := range in.Apps[0].Processes {
		want[p.PID] = true
	}
	send := func(wantCode int) map[int]report.Sent {
		code, out, errs := outputIn(t, env, bin, "send", "--all", "--app", shop, "--expect-status", "200", "--timeout", "3s", "-o", "json", "/clean")
		if code != wantCode {
			t.Fatalf("exit code %d, want %d\n%s%s", code, wantCode, out, errs)
		}
		var rows struct{ Requests []report.Sent }
		if err := json.Unmarshal([]byte(out), &rows); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out+errs, string(in.Apps[0].Processes[0].Password)) {
			t.Error("the connect password is in the output")
		}
		got := map[int]report.Sent{}
		for _, r := range rows.Requests {
			got[r.PID] = r
		}
		return got
	}
	rows := send(exitOK)
	if len(rows) != 6 || len(want) != 6 {
		t.Fatalf("%d rows for %d processes", len(rows), len(want))
	}
	for pid, r := range rows {
		if !want[pid] || !r.OK || r.Status != 200 || r.Bytes != int64(len("clean")) || r.RSSBefore <= 0 || r.RSSAfter <= 0 {
			t.Errorf("%+v", r)
		}
	}
	stuck := in.Apps[0].Processes[2].PID
	if err := syscall.Kill(stuck, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(stuck, syscall.SIGCONT) //nolint:errcheck // it ends with the server
	for pid, r := range send(exitFound) {
		if r.OK != (pid != stuck) || (pid == stuck) != (r.Problem != "") {
			t.Errorf("%+v", r)
		}
	}

	code, out, errs := outputIn(t, env, bin, "ps", "-o", "json")
	if code != exitOK {
		t.Fatalf("ps: exit code %d: %s", code, errs)
	}
	var list struct{ Processes []target.Entry }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range list.Processes {
		if e.Server == "passenger" && e.App == shop && want[e.PID] {
			found++
		}
	}
	if found != 6 {
		t.Errorf("ps lists %d of 6 processes:\n%s", found, out)
	}
}
