package journal

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// The environment of a child that writes a journal until it is killed: the file,
// and how long it pauses after each burst of events.
const (
	childFile  = "LEAKHUNT_TEST_JOURNAL"
	childPause = "LEAKHUNT_TEST_PAUSE"
	burst      = 20
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		pause, err := time.ParseDuration(os.Getenv(childPause))
		if err == nil {
			err = appendForEver(path, pause)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendForEver says of each event when it was appended.
func appendForEver(path string, pause time.Duration) error {
	w, err := Create(path, header(1))
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		if err := w.Append(note(i)); err != nil {
			return err
		}
		fmt.Println(i, time.Now().UnixNano())
		if i%burst == burst-1 {
			time.Sleep(pause)
		}
	}
}

// writes starts a child that writes a journal. It is killed when the test ends.
func writes(t *testing.T, path string, pause time.Duration) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childFile+"="+path, childPause+"="+pause.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

// A process that is killed with SIGKILL loses what it appended in the last second
// at most, and its journal can be gone on with.
func TestKilledWriterLosesASecond(t *testing.T) {
	for _, pause := range []time.Duration{100 * time.Microsecond, 5 * time.Millisecond, 150 * time.Millisecond, time.Hour} {
		for range 3 {
			delay := 100*time.Millisecond + rand.N(2*time.Second)
			t.Run(fmt.Sprintf("pause=%v/after=%v", pause, delay.Round(time.Millisecond)), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "run.jsonl")
				cmd, out := writes(t, path, pause)
				if !out.Scan() { // it began
					t.Fatal("the child wrote nothing")
				}
				kill := time.AfterFunc(delay, func() { _ = cmd.Process.Kill() })
				defer kill.Stop()
				began := time.Now()
				var appended []time.Time
				for more := true; more; more = out.Scan() {
					i, at, _ := strings.Cut(out.Text(), " ")
					ns, err := strconv.ParseInt(at, 10, 64)
					if err != nil || i != strconv.Itoa(len(appended)) {
						t.Fatalf("the child wrote %q", out.Text())
					}
					appended = append(appended, time.Unix(0, ns))
				}
				_ = cmd.Wait()
				w, run, err := Resume(path)
				if err != nil {
					t.Fatal(err)
				}
				for i, ev := range run.Events {
					if ev != note(i) {
						t.Fatalf("event %d is %+v", i, ev)
					}
				}
				for i, at := range appended[min(len(run.Events), len(appended)):] {
					if end := began.Add(delay); end.Sub(at) > time.Second {
						t.Fatalf("event %d of %d was lost, appended %v before the end", len(run.Events)+i, len(appended), end.Sub(at))
					}
				}
				t.Logf("%d of %d events, %d bytes torn", len(run.Events), len(appended), run.Tail.Torn)
				if err := w.Append(record.Ended{T: 9, Complete: true}); err != nil {
					t.Fatal(err)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				if n := len(mustLoad(t, path).Events); n != len(run.Events)+1 {
					t.Errorf("%d events after going on", n)
				}
			})
		}
	}
}

// Another process that writes a journal is named, by List, too.
func TestWriterOfAnotherProcessIsNamed(t *testing.T) {
	dir := state(t)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "2026-01-01T00-00-00-shop-0000.jsonl")
	cmd, out := writes(t, path, time.Hour)
	for range burst {
		if !out.Scan() {
			t.Fatal("the child ended")
		}
	}
	pid := strconv.Itoa(cmd.Process.Pid)
	_, _, err := Resume(path)
	isFault(t, err, fault.Usage, "process "+pid+" writes the journal "+path, "Wait until that run has ended")
	_, err = Create(path, header(1))
	isFault(t, err, fault.Usage, "process "+pid+" writes the journal "+path)
	all, err := List("")
	if err != nil || len(all) != 1 || !all[0].Running || all[0].PID != cmd.Process.Pid || all[0].Why != "it is running (process "+pid+")" || all[0].Complete {
		t.Errorf("%v, %+v", err, all)
	}
	prune(dir, 0)
	if _, err := os.Stat(path); err != nil {
		t.Errorf("it was deleted: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	all, err = List("")
	if err != nil || len(all) != 1 || all[0].Running || all[0].Why != "it was killed, or its journal could not be written to its end" {
		t.Errorf("%v, %+v", err, all)
	}
	prune(dir, 0)
	if _, err := os.Stat(path); err == nil {
		t.Error("it stays")
	}
}
