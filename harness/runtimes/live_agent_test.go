//go:build live

package runtimes

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestLiveCountersTellLeaksFromInnocents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		start   func(testing.TB, bool) *app
		objects string
		noise   float64               // of an innocent, objects per request
		leaks   map[string][4]float64 // objects and bytes per request, low and high
		clean   []string
	}{
		{
			"ruby", func(t testing.TB, agent bool) *app { return puma(t, agent) }, "live objects", 0.1,
			map[string][4]float64{"/leak": {0.95, 1.05, 64, 128}, "/text": {0.95, 1.05, 1024, 1200}},
			[]string{"/", "/garbage", "/bloat", "/cache", "/singleton"},
		},
		{
			"python", gunicorn, "live blocks", 0.5,
			map[string][4]float64{"/leak": {1, 1.2, 64, 100}, "/text": {1, 1.2, 1024, 1120}},
			[]string{"/", "/garbage", "/cycle", "/bloat", "/cache"},
		},
		{
			"node", node, "live objects", 0.5,
			map[string][4]float64{"/leak": {1, 1.1, 512, 640}, "/text": {0, 0.1, 512, 640}, "/listener": {2, 2.1, 512, 760}},
			[]string{"/", "/garbage", "/bloat", "/cache"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := c.start(t, true)
			routes := append([]string(nil), c.clean...)
			for r := range c.leaks {
				routes = append(routes, r)
			}
			blocks := growth(t, a, a.agent(t), routes...)
			for r, want := range c.leaks {
				within(t, r+" objects", blocks[r][c.objects], want[0]-0.01, want[1])
				within(t, r+" bytes", blocks[r]["live bytes"], want[2], want[3])
			}
			// Halfway to the smallest leak, one object and 64 B. Python's date
			// header fills some store with about 70 strings in its first 1,000
			// requests: up to 0.3 a request here.
			for _, r := range c.clean {
				within(t, r+" objects", blocks[r][c.objects], -c.noise, c.noise)
				within(t, r+" bytes", blocks[r]["live bytes"], -40, 40)
			}
		})
	}
}

// What is in cycles stays where Python's collector is off, until the process collects by itself.
func TestLiveCyclesStayWhereTheCollectorIsOff(t *testing.T) {
	t.Parallel()
	a := launch(t, "python", true, []string{"PYTHONPATH=.", "NOGC=1"}, false, "gunicorn", "-w", "1", "-b", "127.0.0.1:$PORT", "app:application").serving(t)
	agent := a.agent(t)
	blocks := func() float64 {
		t.Helper()
		v, err := agent.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return v[0]
	}
	a.send(t, "/cycle", 10)
	blocks()
	before := blocks()
	a.send(t, "/cycle", 10)
	if kept := (blocks() - before) / 10; kept < 1000 { // 500 pairs
		t.Errorf("a request keeps %.0f blocks in cycles", kept)
	}
	a.send(t, "/collect", 1)
	if kept := blocks() - before; kept > 100 {
		t.Errorf("%.0f blocks are left where the process has collected", kept)
	}
}

// The agent's own answers leave nothing behind.
func TestLiveSettlesDoNotGrow(t *testing.T) {
	t.Parallel()
	for name, start := range agented {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, true)
			agent := a.agent(t)
			read := func() []float64 {
				v, err := agent.Read(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			// V8 goes on learning the agent's code: 6.7 KB in steps over the first
			// 160 settles, then not one byte. The others have nothing to learn.
			learning := 20
			if name == "node" {
				learning = 180
			}
			for range learning {
				read()
			}
			// An answer that leaves something behind leaves it in every round. A step in
			// one of them is the server's own: V8 takes a few pages more now and then.
			columns := agent.Columns()
			for range 3 {
				first := read()
				last := first
				for range 100 {
					last = read()
				}
				var still []Column
				for i, c := range agent.Columns() {
					if !slices.Contains(columns, c) {
						continue
					}
					grown := last[i] - first[i]
					t.Logf("%s: %v in 100 settles", c.Name, grown)
					if grown > settled(c) {
						still = append(still, c)
					}
				}
				if columns = still; len(columns) == 0 {
					return
				}
			}
			t.Errorf("in each of three rounds of 100 settles these grew: %+v", columns)
		})
	}
}

// settled is by how much 100 settles may raise a column. An answer that left one
// object behind would make 100 of them, 4,000 bytes at the least (a slot of Ruby's).
// Half of that is a creep; a step of 6 to 19 objects is the server's own.
func settled(c Column) float64 {
	switch {
	case c.Beside != "": // it has pages, not objects
		return 32 << 10
	case c.Unit == "bytes":
		return 2000
	}
	return 50
}

// line is where a fixture's source holds text.
func line(t *testing.T, file, text string) int {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range strings.Split(string(source), "\n") {
		if strings.Contains(l, text) {
			return i + 1
		}
	}
	t.Fatalf("%s has no %q", file, text)
	return 0
}

func TestLiveTraceNamesTheLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, route, file, text string
		bytes                   float64
		start                   func(testing.TB, bool) *app
	}{
		{"ruby", "/text", "testdata/ruby/app.rb", "'/text' =>", 1064, func(t testing.TB, agent bool) *app { return puma(t, agent) }},
		{"python", "/text", "testdata/python/app.py", `"/text":`, 1057, gunicorn},
		{"node", "/leak", "testdata/node/app.js", "'/leak':", 560, node},
		{"node-listener", "/listener", "testdata/node/app.js", "'/listener':", 624, node},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := c.start(t, true)
			agent := a.agent(t)
			a.send(t, c.route, 50)
			a.send(t, "/", 50)
			pass := func(route string) []Site {
				if err := agent.StartTrace(t.Context()); err != nil {
					t.Fatal(err)
				}
				a.send(t, route, 200)
				sites, err := agent.StopTrace(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				return sites
			}
			control := pass("/")
			if ranked, _ := Rank(control, nil, 200, 0); len(ranked) != 0 {
				t.Errorf("the clean route has culprits: %+v", ranked)
			}
			ranked, explained := Rank(pass(c.route), control, 200, c.bytes)
			if len(ranked) == 0 {
				t.Fatal("no site")
			}
			t.Logf("explained %.2f by %+v", explained, ranked)
			top := ranked[0]
			if !strings.HasSuffix(top.File, strings.TrimPrefix(c.file, "testdata")) || top.Line != line(t, c.file, c.text) || top.Owner != OwnerApp {
				t.Errorf("the top site is %s:%d (%s)", top.File, top.Line, top.Owner)
			}
			// What a server makes once a second, such as V8 for its date header, is in
			// no control pass to the same number: on a slow machine it adds a quarter.
			if share := top.BytesPerRequest / c.bytes; share < 0.75 || share > 1.25 || explained < 0.75 {
				t.Errorf("the line explains %.2f of the growth, all lines %.2f", share, explained)
			}
			if _, err := agent.StopTrace(t.Context()); err == nil {
				t.Error("tracing was still on")
			}
		})
	}
}

// Ruby's tracer knows the innermost frame: a second pass finds the caller.
func TestLiveCallersOfALibrary(t *testing.T) {
	t.Parallel()
	a := puma(t, true)
	agent := a.agent(t)
	a.send(t, "/library", 50)
	if err := agent.StartTrace(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.send(t, "/library", 200)
	sites, err := agent.StopTrace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ranked, _ := Rank(sites, nil, 200, 900)
	if len(ranked) == 0 || ranked[0].Owner != OwnerLibrary || ranked[0].Caller != "" {
		t.Fatalf("got %+v", ranked)
	}
	needed, err := agent.StartCallers(t.Context(), ranked)
	if err != nil || !needed {
		t.Fatalf("got %v, %v", needed, err)
	}
	a.send(t, "/library", 20)
	ranked, err = agent.StopCallers(t.Context(), ranked)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", ranked)
	want := fmt.Sprintf("/ruby/app.rb:%d ", line(t, "testdata/ruby/app.rb", "'/library' =>"))
	if !strings.Contains(ranked[0].Caller, want) {
		t.Errorf("the caller is %q, want %q", ranked[0].Caller, want)
	}
	if needed, err := agent.StartCallers(t.Context(), nil); needed || err != nil {
		t.Errorf("without sites: %v, %v", needed, err)
	}
}

// The line that starts a server's loop calls all that the loop makes, whatever was asked
// for: it is no request's own line.
func TestLiveLoopIsNoCaller(t *testing.T) {
	t.Parallel()
	a := launch(t, "python", true, nil, false, "python3", "loop.py")
	agent := a.agent(t)
	a.client.CloseIdleConnections() // the server has one thread, and waits for a request
	a.send(t, "/headers", 50)
	a.client.CloseIdleConnections()
	if err := agent.StartTrace(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.send(t, "/headers", 100)
	sites, err := agent.StopTrace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ranked, _ := Rank(sites, nil, 100, 0)
	if len(ranked) == 0 {
		t.Fatal("no site")
	}
	for _, s := range ranked {
		if s.Caller != "" || s.Owner == OwnerApp && s.Line != line(t, "testdata/python/loop.py", "KEPT.append") {
			t.Errorf("%s:%d is called by %q", s.File, s.Line, s.Caller)
		}
	}
}
