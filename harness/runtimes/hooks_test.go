package runtimes

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

func TestHooksReadProbes(t *testing.T) {
	var fetched []string
	fetch := func(_ context.Context, path string) ([]byte, error) {
		fetched = append(fetched, path)
		switch path {
		case "/stats":
			return []byte(`{"gc":{"slots":[7,"8"]}}`), nil
		case "/metrics":
			return []byte("# TYPE heap gauge\nheap{area=\"old\"} 5\nheap{area=\"new\"} 6\n"), nil
		}
		return nil, nil
	}
	h, err := NewHooks(t.Context(), &scenarios.Settle{URI: "/settle"}, []scenarios.Probe{
		{Name: "a", URI: "/stats", JSON: "gc.slots.0", Unit: "objects"},
		{Name: "b", URI: "/stats", JSON: "gc.slots.1", Unit: "objects"},
		{Name: "c", URI: "/metrics", Prometheus: "heap", Unit: "bytes"},
		{Name: "d", URI: "/metrics", Prometheus: `heap{area="new"}`, Unit: "bytes"},
	}, whole(fetch), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	fetched = nil
	values, err := h.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{7, 8, 11, 6} {
		if values[i] != want {
			t.Errorf("%s reads %v, want %v", h.Columns()[i].Name, values[i], want)
		}
	}
	if got := strings.Join(fetched, " "); got != "/settle /stats /metrics" {
		t.Errorf("fetched %s", got)
	}
}

func TestHooksGoWrong(t *testing.T) {
	page := func(body string) Fetch {
		return whole(func(context.Context, string) ([]byte, error) { return []byte(body), nil })
	}
	json := func(path string) []scenarios.Probe { return []scenarios.Probe{{Name: "p", URI: "/", JSON: path}} }
	prom := func(name string) []scenarios.Probe { return []scenarios.Probe{{Name: "p", URI: "/", Prometheus: name}} }
	for _, c := range []struct {
		name   string
		settle *scenarios.Settle
		probes []scenarios.Probe
		fetch  Fetch
		want   string
	}{
		{"a key is missing", nil, json("a.b"), page(`{"a":{}}`), `no "b"`},
		{"a list is short", nil, json("a.3"), page(`{"a":[1]}`), "1 entries"},
		{"the way ends", nil, json("a.b"), page(`{"a":1}`), "ends before"},
		{"no number", nil, json("a"), page(`{"a":true}`), "no number"},
		{"text", nil, json("a"), page(`{"a":"x"}`), "no number"},
		{"no JSON", nil, json("a"), page(`<html>`), "no JSON"},
		{"NaN in quotes", nil, json("a"), page(`{"a":"NaN"}`), "no amount"},
		{"negative", nil, json("a"), page(`{"a":-1}`), "no amount"},
		{"no metric", nil, prom("heap"), page("other 1\n"), `no metric "heap"`},
		{"a histogram", nil, prom("h"), page("# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"), `no metric "h"`},
		{"a summary", nil, prom("h"), page("# TYPE h summary\nh{quantile=\"0.5\"} 1\nh_sum 1\nh_count 1\n"), "not one number"},
		{"infinite", nil, prom("heap"), page("heap +Inf\n"), "no amount"},
		{"huge", nil, json("a"), page(`{"a":1e300}`), "no amount"},
		{"null", nil, json("a"), page(`{"a":null}`), `"a" is null, which is no number`},
		{"a list", nil, json("a"), page(`{"a":[1,2]}`), `"a" is [1,2], which is no number`},
		{"half an answer", nil, json("a"), page(`{"a":`), `the answer is no JSON: "{\"a\":"`},
		{"a command for the terminal", nil, json("a"), page("\x1b[31m"), `"?[31m"`},
		{"no selector", nil, prom(`heap{a!="b"}`), page("heap{a=\"c\"} 1\n"), "is not NAME"},
		{"NaN", nil, prom("heap"), page("heap NaN\n"), "no value"},
		{"other labels", nil, prom(`heap{a="b"}`), page("heap{a=\"c\"} 1\n"), "no value"},
		{"not the format", nil, prom("heap"), page("heap 1_000\n"), "text format"},
		{"the page fails", nil, json("a"), whole(func(context.Context, string) ([]byte, error) { return nil, errors.New("status 500") }), "status 500"},
		{"the hook fails", &scenarios.Settle{URI: "/gc"}, nil, whole(func(context.Context, string) ([]byte, error) { return nil, errors.New("status 500") }), "settle hook /gc failed"},
		{"the command fails", &scenarios.Settle{Exec: []string{"sh", "-c", "echo no such pid >&2; exit 3"}}, nil, nil, "no such pid"},
		{"no such command", &scenarios.Settle{Exec: []string{"/nowhere/jcmd"}}, nil, nil, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := NewHooks(t.Context(), c.settle, c.probes, c.fetch, 1, 0)
			if h != nil || err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) != fault.Measure {
				t.Errorf("got %v, %v, want a Measure error with %q", h, err, c.want)
			}
			if fault.HintOf(err) == "" {
				t.Errorf("%v: no next step", err)
			}
		})
	}
}

func TestSettleExec(t *testing.T) {
	out := filepath.Join(t.TempDir(), "pid")
	settle := &scenarios.Settle{Exec: []string{"sh", "-c", "echo ${PID} > " + out}}
	if _, err := NewHooks(t.Context(), settle, nil, nil, 4242, 0); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(out); string(got) != "4242\n" {
		t.Errorf("the hook saw the pid %q", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := NewHooks(ctx, &scenarios.Settle{Exec: []string{"sleep", "60"}}, nil, nil, 1, 0); err == nil || !strings.Contains(err.Error(), "did not end in time") {
		t.Errorf("a hook that hangs: %v", err)
	}
}

// What a hook leaves in the background ends with it; what it says, and for how long it
// runs, has an end.
func TestSettleExecHasAnEnd(t *testing.T) {
	settle := func(limit time.Duration, argv ...string) error {
		_, err := NewHooks(t.Context(), &scenarios.Settle{Exec: argv}, nil, nil, 1, limit)
		return err
	}
	pid := filepath.Join(t.TempDir(), "pid")
	if err := settle(0, "sh", "-c", "sleep 600 & echo $! > "+pid); err != nil {
		t.Errorf("a hook that leaves something behind: %v", err)
	}
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	left, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(left, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("what it left behind still runs: %v", err)
	}
	err = settle(20*time.Millisecond, "sh", "-c", "yes | cat; true")
	if err == nil || !strings.Contains(err.Error(), "did not end in time") || fault.HintOf(err) == "" {
		t.Errorf("a hook that says yes for ever: %v", err)
	}
	err = settle(0, "sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; exit 3")
	if err == nil || len(err.Error()) > 500 || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a hook that says much: %v", err)
	}
}

// What is no part of the metric that is asked for, and what OpenMetrics adds,
// does not matter.
func TestPrometheusForms(t *testing.T) {
	for _, c := range []struct {
		body, name string
		want       float64
	}{
		{"heap 1.5e6\n", "heap", 1.5e6},
		{"heap 5", "heap", 5},
		{"heap 7\r\n", "heap", 7},
		{"\theap\t7\n", "heap", 7},
		{"# HELP heap x\n# TYPE heap gauge\nheap 7 1395066363000\n", "heap", 7},
		{"# TYPE heap gauge\n# UNIT heap bytes\nheap 7 1395066363.123\n# EOF\n", "heap", 7},
		{"# TYPE a info\na_info{x=\"y\"} 1\n# TYPE heap unknown\nheap 7\n# EOF\n", "heap", 7},
		{"# TYPE a counter\na_total 17 # {trace_id=\"x\"} 0.67\nheap 7\n", "a_total", 17},
		{"a b c ?\nheap 7\nheaps 9\nheap_x 9\n", "heap", 7},
		{"# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 5\nh_count 1\n", "h_sum", 5},
		{"heap{a=\"x,y\",b=\"z\"} 7\nheap{a=\"q\",b=\"z\"} 9\n", `heap{a="x,y"}`, 7},
		{"heap{a=\"x} 1\\\"y\"} 7\n", `heap{a="x} 1\"y"}`, 7},
		{"heap {a=\"x\"} 7\nheap 2\n", "heap", 9},
	} {
		if got, err := prometheusValue([]byte(c.body), c.name); err != nil || got != c.want {
			t.Errorf("%s in %q: %v, %v, want %v", c.name, c.body, got, err, c.want)
		}
	}
}

func FuzzProbes(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1}]}`), "a.0.b")
	f.Add([]byte("heap{x=\"1\"} 2\n"), `heap{x="1"}`)
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		if v, err := jsonNumber(body, path); err != nil && v != 0 {
			t.Fatalf("%v with %v", v, err)
		}
		if v, err := prometheusValue(body, path); err == nil && math.IsNaN(v) {
			t.Fatal("NaN passed")
		}
	})
}

func TestPuma(t *testing.T) {
	const token = "s3cret/t&ken"
	gcs := 0
	control := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Get("token") != token:
			w.WriteHeader(http.StatusForbidden)
		case r.URL.Path == "/gc":
			gcs++
		case r.URL.Path == "/gc-stats":
			_, _ = w.Write([]byte(`{"old_objects":1200,"remembered_wb_unprotected_objects":34}`))
		}
	}))
	address := "tcp://" + strings.TrimPrefix(control.URL, "http://")
	p, err := NewPuma(t.Context(), address, token, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if values, err := p.Read(t.Context()); err != nil || values[0] != 1234 || gcs != 8 {
		t.Errorf("got %v, %v after %d collections", values, err, gcs)
	}
	if _, err := NewPuma(t.Context(), address, "wrong", os.Getpid()); err == nil || !strings.Contains(err.Error(), "refuses the token") {
		t.Errorf("a wrong token: %v", err)
	}
	want := fmt.Sprintf("is that of process %d, and process %d serves", os.Getpid(), os.Getppid())
	if _, err := NewPuma(t.Context(), address, token, os.Getppid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("that of another process: %v, want %q", err, want)
	}
	control.Close()
	_, err = p.Read(t.Context())
	if err == nil || !strings.Contains(err.Error(), "does not answer") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("after its end: %v", err)
	}
	for _, bad := range []string{"", "ftp://x", "http://%zz" + token} {
		if _, err := NewPuma(t.Context(), bad, token, os.Getpid()); fault.KindOf(err) != fault.Usage || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
