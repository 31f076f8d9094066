package session_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/record"
	"leakhunt/harness/session"
	"leakhunt/harness/session/sessiontest"
	"leakhunt/harness/target"
	"leakhunt/scenarios"
)

// serving makes the test binary the application that is tested.
const serving = "SESSION_TEST_SERVES"

func TestMain(m *testing.M) {
	if os.Getenv(serving) == "" {
		os.Exit(m.Run())
	}
	var kept [][]byte
	http.HandleFunc("/keep", func(http.ResponseWriter, *http.Request) {
		b := make([]byte, 1<<20)
		for i := range b {
			b[i] = 1
		}
		kept = append(kept, b)
	})
	http.HandleFunc("/die", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), ReadHeaderTimeout: time.Minute}
	panic(server.ListenAndServe())
}

// A real process that is started, measured, killed by a request, started again and
// ended.
func TestRealProcess(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := sessiontest.New(t, keeps(0)).Config(t, "/keep", "/die")
	cfg.Scenario.Target = scenarios.Target{Kind: "command", Command: []string{program}, Env: []string{serving + "=1"}, Dir: t.TempDir()}
	cfg.Target, err = target.Open(cfg.Scenario, target.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cfg.OpenMeter = func(id proc.ID) (session.Meter, error) { return memory.Open(id) }
	s := session.New(cfg)
	first := last[record.Opened](t, do(t, s, record.Open{}))
	if !first.Restart || !first.Touched || first.Facts.Allocator == "" || first.Took <= 0 || first.Process.Dir != cfg.Scenario.Target.Dir {
		t.Errorf("%+v", first)
	}

	events := do(t, s, record.Send{N: 32, Settle: true, Touched: record.Touching{Anew: true, Every: 8}})
	began, end, all := events[0].(record.Began), last[record.Finished](t, events).End, joined(events)
	if n := len(all.Metric); n != 32 || all.Metric[n-1]-began.Start.Metric < 24<<20 || end.RSS-began.Start.RSS < 24<<20 || end.Anon-began.Start.Anon < 24<<20 {
		t.Errorf("32 MiB more, from %+v: %v, and %+v at the end", began.Start, all.Metric, end)
	}
	for _, c := range []record.Counts{began.Start.Counts, end.Counts} {
		if c.Descriptors < 3 || c.Sockets < 1 || c.Threads < 1 || c.Mappings < 1 || c.Sockets > c.Descriptors {
			t.Errorf("at a settled edge: %+v", c)
		}
	}
	if c := first.Fresh.Counts; c != (record.Counts{}) {
		t.Errorf("where nothing is settled: %+v", c)
	}
	if slices.Contains(all.Latency, 0) || !slices.IsSorted(all.At) || float64(all.At[31])/record.Ticks > end.T {
		t.Errorf("latencies %v, times %v, end %v", all.Latency, all.At, end.T)
	}
	if n := len(all.Touched); began.Touched == nil || n != 4 || all.Touched[n-1].Bytes < *began.Touched+24<<20 {
		t.Errorf("touched %v", all.Touched)
	}

	lost := last[record.Lost](t, do(t, s, record.Send{URI: 1, N: 3}))
	if !lost.Killed || lost.URI != 1 || !strings.Contains(lost.Reason, "exit status 3") || s.Err() == nil {
		t.Errorf("%+v", lost)
	}
	again := last[record.Opened](t, do(t, s, record.Open{Why: record.Revived}))
	if again.Process.PID == first.Process.PID && again.Process.Start == first.Process.Start || again.T < lost.T {
		t.Errorf("%+v is no fresh process after %+v", again.Process, first.Process)
	}
	last[record.Finished](t, do(t, s, record.Send{N: 1}))
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := (proc.ID{PID: again.Process.PID, Start: again.Process.Start}).Check(); err == nil {
		t.Error("the process outlives its session")
	}
}

// last is the last event, which is an E.
func last[E record.Event](t *testing.T, events []record.Event) E {
	t.Helper()
	e, ok := events[len(events)-1].(E)
	if !ok {
		t.Fatalf("%+v", events)
	}
	return e
}
