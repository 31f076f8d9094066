package harness_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/hunttest"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/session"
	"leakhunt/harness/session/sessiontest"
	"leakhunt/harness/target"
	"leakhunt/harness/watch"
	"leakhunt/scenarios"
)

// world is a process that serves, whose memory is that of a hunttest.Process, and what
// runs on it have told.
type world struct {
	t      *testing.T
	model  *hunttest.Process
	p      *sessiontest.Process
	lives  int
	own    bool // it can be had as a fresh process
	plan   *harness.Plan
	opt    harness.Options
	cancel context.CancelFunc
	stop   string         // "PATH:N", whose request interrupts the run; "waiting": the first wait does
	sent   map[string]int // requests, by name
	asked  map[string]int // requests, by path

	res      *result.Result
	err      error
	events   []record.Event
	header   record.Header
	phases   []string
	notes    []string
	progress []watch.Progress
}

// begin reads a process from a text: see hunttest.Parse. The arguments say what the
// text has no words for:
//
//	restartable            # a fresh process can be had
//	restart-fails=TEXT     # it does not come up
//	tight                  # it was started to keep little back
//	before=PATH            # a step of before:
//	patience=20ms          # with a counter
//	hangs=N, goes=N        # from its N-th reading on the counter gives no answer; or it is
//	                       # gone, and the process a moment later
//	no-counter=TEXT        # the runtime's own counter should be there and is not
//	advice=TEXT            # the target knows what could replace the process
//	closes                 # the server ends each connection
//	sites-for=GLOB
func (w *world) begin(d *datadriven.TestData) {
	model, err := hunttest.Parse(d.Input)
	if err != nil {
		d.Fatalf(w.t, "%v", err)
	}
	*w = world{t: w.t, model: model, sent: map[string]int{}, asked: map[string]int{}}
	w.p = sessiontest.InMemory(w.t, w.answer)
	h, opened := model.Header, model.Opened
	w.p.Kind, w.p.Runtime, w.p.Settings = opened.Process.Kind, opened.Process.Runtime, opened.Process.Settings
	w.sync()
	sc := &scenarios.Scenario{
		Version: 1, Name: "text", Path: "text.yaml", Rounds: h.Plan.Rounds, Warmup: scenarios.Count(h.Plan.Warmup),
		Metric: h.Plan.Metric, Timeout: 10 * time.Second, Seed: h.Seed, Sites: h.Plan.Sites,
		Target: scenarios.Target{Kind: opened.Process.Kind, Restarts: h.Plan.Restarts},
	}
	sc.Limits.RSS, sc.Limits.Time = h.Plan.Limits.RSS, time.Duration(h.Plan.Limits.Time*float64(time.Second))
	w.opt = harness.Options{Version: "test", OpenMeter: w.p.OpenMeter, Stay: time.Duration(h.Plan.Stay * float64(time.Second))}
	if opened.Counter != "" {
		w.opt.OpenCounter = w.p.OpenCounter
		if opened.Traces {
			w.opt.OpenCounter = func(context.Context, session.Pinned, *load.Client) (session.Counter, error) {
				return &sessiontest.FullTracer{Tracer: &sessiontest.Tracer{Counter: sessiontest.Counter{P: w.p}}}, nil
			}
		}
	}
	for _, it := range h.Items {
		n := scenarios.Count(it.Requests)
		sc.URIs = append(sc.URIs, scenarios.URI{
			Request: scenarios.Request{Method: "GET", URI: it.URI}, Name: it.Name, Line: it.Line, Requests: &n, Budget: it.Budget,
		})
		w.p.Delay[it.URI] = time.Duration(model.Latency(it.Name) * float64(time.Second))
	}
	for _, a := range d.CmdArgs {
		w.option(sc, a.Key, strings.Join(a.Vals, ","))
	}
	if w.plan, err = harness.NewPlan(sc); err != nil {
		d.Fatalf(w.t, "%v", err)
	}
}

func (w *world) option(sc *scenarios.Scenario, key, value string) {
	n, _ := strconv.Atoi(value)
	switch key {
	case "restartable":
		w.own, w.p.Restartable = true, true
	case "restart-fails":
		w.own, w.p.Restartable, w.p.RestartFails = true, true, fault.Measuref("%s", value)
	case "tight":
		w.p.Settings = target.Tight(w.p.Runtime)
	case "before":
		sc.Before = append(sc.Before, scenarios.Step{Request: scenarios.Request{Method: "GET", URI: value}})
	case "patience":
		w.opt.Patience, _ = time.ParseDuration(value)
	case "hangs":
		w.p.BeforeRead = func(ctx context.Context, reading int) error {
			if reading < n {
				return nil
			}
			<-ctx.Done()
			return fault.Measuref("the agent does not answer").Because(ctx.Err()).WithHint("Wake it up.")
		}
	case "goes":
		w.p.BeforeRead = func(_ context.Context, reading int) error {
			if reading < n {
				return nil
			}
			time.AfterFunc(10*time.Millisecond, func() { w.p.Locked(func() { w.p.Gone = fault.Measuref("the pinned process has ended") }) })
			return fault.Measuref("the agent went away in the middle")
		}
	case "no-counter":
		w.opt.OpenCounter = func(context.Context, session.Pinned, *load.Client) (session.Counter, error) {
			return nil, &session.Without{Err: fault.Measuref("%s", value).WithHint("Load it.")}
		}
	case "no-meter":
		w.opt.OpenMeter = func(proc.ID) (session.Meter, error) { return nil, fault.Measuref("%s", value) }
	case "advice":
		w.p.Advice = []target.Advice{{Code: "recycling", Message: value}}
	case "closes":
		w.p.Page = func(rw http.ResponseWriter, _ *http.Request, status int) {
			rw.Header().Set("Connection", "close")
			rw.WriteHeader(status)
		}
	case "cookie":
		w.p.Page = func(rw http.ResponseWriter, r *http.Request, status int) {
			if r.Header.Get("Cookie") == "" {
				http.SetCookie(rw, &http.Cookie{Name: "session", Value: "1"}) //nolint:gosec // it stands for an application's
			}
			rw.WriteHeader(status)
		}
	case "sites-for":
		w.opt.SitesFor = []string{value}
	default:
		w.t.Fatalf("no argument %s", key)
	}
}

// answer lets the model do what a request does. The process is locked.
func (w *world) answer(p *sessiontest.Process, path string, _ int) int {
	if p.Lives != w.lives {
		w.lives = p.Lives
		w.model.Restart()
	}
	w.asked[path]++
	if base := numbered.ReplaceAllString(path, "/{{n}}"); slices.ContainsFunc(w.plan.Items, func(it harness.Item) bool { return it.Name == base }) {
		p.Delay[path] = p.Delay[base]
		path = base
	}
	w.sent[path]++
	if w.stop == fmt.Sprintf("%s:%d", path, w.sent[path]) {
		w.cancel()
	}
	if slices.ContainsFunc(w.plan.Scenario.Before, func(s scenarios.Step) bool { return s.URI == path }) {
		return 200
	}
	status, died, ended := w.model.Answer(path)
	w.sync()
	if died {
		p.Die()
	}
	if ended {
		p.Gone = fault.Measuref("pid 7 has ended")
	}
	return status
}

var numbered = regexp.MustCompile(`/\d+$`)

func (w *world) sync() { w.p.RSS, w.p.Live, w.p.Touched = w.model.Holds() }

// Pin is the process as it is, with the identity of the test itself: one that lives.
func (w *world) Pin(ctx context.Context) (session.Pinned, error) {
	p, err := w.p.Pin(ctx)
	if err != nil {
		return nil, err
	}
	if r, ok := p.(session.Restarter); ok {
		return restarter{alive{p}, r}, nil
	}
	return alive{p}, nil
}

// alive has the identity of a process that can be looked up.
type alive struct{ session.Pinned }

// Process implements session.Pinned.
func (a alive) Process() proc.ID {
	id, err := proc.Find(a.Pinned.Process().PID)
	if err != nil {
		panic(err)
	}
	return id
}

// Advise implements target.Advisor.
func (a alive) Advise(ctx context.Context) []target.Advice {
	return a.Pinned.(target.Advisor).Advise(ctx)
}

type restarter struct {
	alive
	session.Restarter
}
