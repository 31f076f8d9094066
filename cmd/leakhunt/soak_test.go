package main

import (
	"cmp"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/proc/proctest"
)

// soakFile names the file to which leakhunt tells how many goroutines it has, and how many
// bytes are alive in its heap, ten times a second.
const soakFile = "LEAKHUNT_TEST_SOAK"

// tellOwn writes it, until the process ends.
func tellOwn(file string) {
	out, err := os.Create(file)
	if err != nil {
		return
	}
	var m runtime.MemStats
	for range time.Tick(100 * time.Millisecond) {
		runtime.GC()
		runtime.ReadMemStats(&m)
		fmt.Fprintln(out, time.Now().UnixNano(), runtime.NumGoroutine(), m.HeapAlloc)
	}
}

// own is what leakhunt holds at a moment.
type own struct {
	at       time.Time
	rss, fds int64
}

// lookAt is what a process holds now: anonymous memory, for what is mapped of files is
// code, which is read as it is run.
func lookAt(pid int) own {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	o := own{at: time.Now()}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			_, _ = fmt.Sscan(rest, &o.rss)
		}
	}
	o.rss <<= 10
	fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	o.fds = int64(len(fds))
	return o
}

// watched looks at a process ten times a second, until it ends.
func watched(pid int) (all func() []own) {
	out := make(chan []own, 1)
	go func() {
		var seen []own
		for {
			o := lookAt(pid)
			if o.rss == 0 {
				out <- seen
				return
			}
			seen = append(seen, o)
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return func() []own { return <-out }
}

// told are how many goroutines leakhunt had, and how many bytes were alive in its heap.
type told struct {
	at                int64
	goroutines, alive int
}

// toldBy is what was told after a tenth, and last: of a while of each the least.
func toldBy(t *testing.T, file string, tenth time.Time) (then, last told) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []told
	for line := range strings.Lines(string(text)) {
		var o told
		if n, _ := fmt.Sscan(line, &o.at, &o.goroutines, &o.alive); n == 3 {
			all = append(all, o)
		}
	}
	if len(all) < 3 {
		t.Fatalf("it told of itself %d times", len(all))
	}
	end := all[len(all)-1].at
	begin := min(tenth.UnixNano(), end-1)
	while := max((end-begin)/9, int64(300*time.Millisecond))
	then.alive, last.alive = math.MaxInt, math.MaxInt
	for _, o := range all {
		if o.at >= begin && o.at <= begin+while {
			then = told{o.at, max(then.goroutines, o.goroutines), min(then.alive, o.alive)}
		}
		if o.at >= end-while {
			last = told{o.at, o.goroutines, min(last.alive, o.alive)}
		}
	}
	return then, last
}

var sentOf = regexp.MustCompile(`([\d,]+) of [\d,]+ requests`)

// least is the least that a process held within a while. What is held for a moment (garbage,
// and the result as it is made) is on top of it, and what leaks is below.
func least(all []own, from, to time.Time) own {
	out := own{rss: math.MaxInt64}
	for _, o := range all {
		if !o.at.Before(from) && !o.at.After(to) && o.rss < out.rss {
			out = o
		}
	}
	return out
}

// TestSoak has leakhunt look for its own leaks: what it holds after a tenth of a run of
// 50 URIs it holds at the end, too. LEAKHUNT_SOAK is how many requests each gets; 2,000
// are 100,000 in all. Each request has a reading of 6 bytes, which is kept to be judged.
func TestSoak(t *testing.T) {
	t.Parallel()
	const uris, slack, reading = 50, 2 << 20, 6
	n, err := strconv.Atoi(cmp.Or(os.Getenv("LEAKHUNT_SOAK"), "200"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	address := fmt.Sprintf("127.0.0.1:%d", proctest.FreePort(t))
	demo := exec.Command("leakhunt", "demo", "--listen", address)
	startLines(t, demo)
	defer func() { _ = demo.Process.Kill(); _ = demo.Wait() }()
	var text strings.Builder
	fmt.Fprintf(&text, "version: 1\nname: soak\ntarget: {url: 'http://%s'}\nrequests: %d\nwarmup: 10\nsites: off\nlimits: {time: 10m}\nuris:\n", address, n)
	for i := range uris {
		fmt.Fprintf(&text, "  - /pool?%d\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "soak.yaml"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	awaitDemo(t, address)
	t.Run("memory and descriptors", func(t *testing.T) {
		// As a run tightens the application: Go gives back what it keeps in reserve.
		tight := "GOMEMLIMIT=13MiB"
		all, at := soaked(t, os.Getenv(releasedVariable), dir, uris*n/10, tight)
		end := all[len(all)-1]
		while := max(end.at.Sub(at)/9, 300*time.Millisecond)
		early, last := least(all, at, at.Add(while)), least(all, end.at.Add(-while), end.at)
		t.Logf("after a tenth: %.1f MiB, %d descriptors; %.0f s later: %.1f MiB, %d", float64(early.rss)/(1<<20), early.fds,
			last.at.Sub(early.at).Seconds(), float64(last.rss)/(1<<20), end.fds)
		if last.rss > early.rss+slack {
			t.Errorf("own memory grew from %d to %d bytes", early.rss, last.rss)
		}
		if end.fds > early.fds+2 { // a report that is written
			t.Errorf("descriptors: %d, then %d", early.fds, end.fds)
		}
	})
	t.Run("goroutines and heap", func(t *testing.T) {
		file := filepath.Join(dir, "own")
		_, at := soaked(t, "leakhunt", dir, uris*n/10, soakFile+"="+file)
		then, last := toldBy(t, file, at)
		t.Logf("after a tenth: %d goroutines, %d kB alive; at the end: %d, %d kB", then.goroutines, then.alive>>10, last.goroutines, last.alive>>10)
		if last.goroutines > then.goroutines+2 {
			t.Errorf("goroutines: %d, then %d", then.goroutines, last.goroutines)
		}
		if last.alive > then.alive+uris*n*reading+slack/4 {
			t.Errorf("alive in the heap: %d bytes, then %d", then.alive, last.alive)
		}
	})
}

// soaked runs the scenario, and says when so many requests had been sent.
func soaked(t *testing.T, program, dir string, tenth int, env ...string) (all []own, at time.Time) {
	t.Helper()
	run := exec.Command(program, "run", "soak.yaml", "--fail-on", "never", "--journal", "run.jsonl", "-o", "json=result.json")
	run.Dir, run.Env = dir, append(os.Environ(), env...)
	lines := startLines(t, run)
	seen := watched(run.Process.Pid)
	for {
		line, ok := lines.next()
		if !ok {
			break
		}
		if m := sentOf.FindStringSubmatch(line); m != nil && at.IsZero() {
			if sent, _ := strconv.Atoi(strings.ReplaceAll(m[1], ",", "")); sent >= tenth {
				at = time.Now()
			}
		}
	}
	if err := run.Wait(); err != nil && run.ProcessState.ExitCode() != exitInconclusive {
		t.Fatalf("%v\n%s", err, lines.all())
	}
	if all = seen(); len(all) < 3 {
		t.Fatalf("%d readings:\n%s", len(all), lines.all())
	}
	if at.IsZero() { // all of it was over before it was told: the middle stands for it
		at = all[len(all)/2].at
	}
	return all, at
}

// awaitDemo waits until the demo listens.
func awaitDemo(t *testing.T, address string) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(until) {
			t.Fatalf("the demo does not answer: %v", err)
		}
	}
}
