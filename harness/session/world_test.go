package session_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/record"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/session"
	"leakhunt/harness/session/sessiontest"
	"leakhunt/harness/target"
	"leakhunt/scenarios"
)

// world is a process with its session.
type world struct {
	t       *testing.T
	p       *sessiontest.Process
	cfg     session.Config
	session *session.Session
	tracer  *sessiontest.FullTracer
	log     *record.Log
	cancel  context.CancelFunc
	out     strings.Builder
	ticks   int
}

// route is what a path does, from a line such as
//
//	/feed keep=4096 delay=1ms
//
// keep is for ever; fail=3-5 answers 500 to those requests, and may stand more than
// once; drop=7 closes the connection of that one without an answer, die=7 ends the
// process with it, gone=7 after it, cancel=7 interrupts the run, slow=7:30s takes so
// long, cookie sets one, for which 4096 bytes are kept where the request has none.
type route struct {
	keep                    float64
	fail                    [][2]int
	drop, die, gone, cancel int
	slow                    int
	long                    time.Duration
	cookie                  bool
}

// command carries out one command of a text.
//
//	process [counter|tracer|plain-tracer] [restartable] [runtime=NAME] [metric=anon] …
//	open [why=WHY] [only=URI]
//	send PATH n=N [purpose=sweep] [round=1] [settle] [strict] [anew] [every=N]
//	measure wait=SECONDS
//	name PATH n=N [control] [growth=BYTES] [callers=N] [retainers] [against]
//	wrong WHAT [TEXT]
//	seen | close
func (w *world) command(t *testing.T, d *datadriven.TestData) string {
	args := map[string]string{}
	for _, a := range d.CmdArgs {
		args[a.Key] = strings.Join(a.Vals, ",")
	}
	has := func(key string) bool { _, ok := args[key]; return ok }
	num := func(key string) int {
		n, err := strconv.Atoi(args[key])
		if err != nil && has(key) {
			d.Fatalf(t, "%s: %v", key, err)
		}
		return n
	}
	uri := func() int {
		for i, it := range w.cfg.Items {
			if it.Name == d.CmdArgs[0].Key {
				return i
			}
		}
		if d.CmdArgs[0].Key == "visitor" {
			return len(w.cfg.Items)
		}
		return num("uri")
	}
	switch d.Cmd {
	case "process":
		w.end()
		w.begin(d, args)
		return ""
	case "open":
		a := record.Open{Why: record.Why(args["why"])}
		if has("only") {
			only := num("only")
			a.Only = &only
		}
		return w.do(a)
	case "send":
		purpose := record.Sweep
		if has("purpose") {
			purpose = record.Purpose(args["purpose"])
		}
		return w.do(record.Send{
			URI: uri(), N: num("n"), Purpose: purpose, Round: num("round"), Settle: has("settle"), Strict: has("strict"),
			Touched: record.Touching{Anew: has("anew"), Every: num("every")},
		})
	case "measure":
		return w.do(record.Measure{Wait: float64(num("wait"))})
	case "name":
		a := record.Name{
			URI: uri(), Requests: num("n"), Control: has("control"), Growth: float64(num("growth")), Native: float64(num("native")),
			Callers: num("callers"), Retainers: has("retainers"),
		}
		if traces := w.log.Segment().Traces; has("against") {
			a.Against = traces[len(traces)-1].Sites
		}
		return w.do(a)
	case "wrong":
		w.wrong(d, args)
		return ""
	case "seen":
		text := fmt.Sprintf("%v, %d in all, %d settled, %d exact, %d ticks", w.p.Seen, w.log.Total, w.p.Reads, w.p.Exacts, w.ticks)
		if w.tracer != nil {
			text += fmt.Sprintf(", room %d", w.tracer.Room)
		}
		return text + "\n"
	case "close":
		err := w.session.Close()
		return fmt.Sprintf("%v, closed %d times, again: %v\n", err, w.p.Closed, w.session.Close())
	}
	d.Fatalf(t, "no command %s", d.Cmd)
	return ""
}

func (w *world) end() {
	if w.session != nil {
		if err := w.session.Close(); err != nil {
			w.t.Error(err)
		}
	}
}

// begin reads a process and its scenario.
func (w *world) begin(d *datadriven.TestData, args map[string]string) {
	// A request that was interrupted may still be at work on those of the process before.
	routes := map[string]*route{}
	w.p = sessiontest.InMemory(w.t, func(p *sessiontest.Process, path string, n int) int { return w.answer(p, routes[path], path, n) })
	var paths []string
	for _, line := range strings.Split(d.Input, "\n") {
		if f := strings.Fields(line); len(f) > 0 {
			paths = append(paths, f[0])
			routes[f[0]] = w.parse(d, f[0], f[1:])
		}
	}
	w.p.Page = func(rw http.ResponseWriter, r *http.Request, status int) {
		if rt := routes[r.URL.Path]; rt != nil && rt.cookie {
			if len(r.Cookies()) == 0 {
				w.p.Keep(4096)
			}
			http.SetCookie(rw, &http.Cookie{Name: "sid", Value: "1"})
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, "q="+r.URL.RawQuery)
	}
	w.cfg = w.p.Config(w.t, paths...)
	w.cfg.Tick = func(session.Tick) { w.ticks++ }
	w.tracer = nil
	for key, value := range args {
		w.option(d, key, value)
	}
	items := slices.Repeat([]record.Item{{Requests: record.Count{Auto: true}}}, len(paths))
	w.log = record.NewLog(record.Header{Items: items, Plan: record.Plan{Metric: w.cfg.Scenario.Metric}})
	w.session = session.New(w.cfg)
}

func (w *world) option(d *datadriven.TestData, key, value string) {
	sc := w.cfg.Scenario
	duration := func() time.Duration {
		v, err := time.ParseDuration(value)
		if err != nil {
			d.Fatalf(w.t, "%s: %v", key, err)
		}
		return v
	}
	number := func() int {
		n, err := strconv.Atoi(value)
		if err != nil {
			d.Fatalf(w.t, "%s: %v", key, err)
		}
		return n
	}
	switch key {
	case "counter":
		w.cfg.OpenCounter = w.p.OpenCounter
	case "tracer", "plain-tracer", "joined":
		w.tracer = &sessiontest.FullTracer{Tracer: &sessiontest.Tracer{Counter: sessiontest.Counter{P: w.p}}}
		w.cfg.OpenCounter = func(context.Context, session.Pinned, *load.Client) (session.Counter, error) {
			switch key {
			case "plain-tracer":
				return w.tracer.Tracer, nil
			case "joined":
				return session.Join(hook{}, w.tracer), nil
			}
			return w.tracer, nil
		}
	case "restartable":
		w.p.Restartable = true
	case "runtime":
		w.p.Runtime = value
	case "kind":
		w.p.Kind = value
	case "metric":
		sc.Metric = value
	case "before":
		sc.Before = []scenarios.Step{{
			Request: scenarios.Request{Method: "GET", URI: value}, Line: 3,
			Capture: []scenarios.Capture{{As: "token", Regexp: "q=(.*)"}},
		}}
		w.cfg.Before = []*load.Template{sessiontest.Template(w.t, load.Spec{Method: "GET", URI: value + "?s3cret", KeepBody: true, Timeout: sc.Timeout})}
		w.cfg.Secret = func(v string) { fmt.Fprintf(&w.out, "secret: %s\n", v) }
		w.cfg.Redact = func(text string) string { return strings.ReplaceAll(text, "s3cret", "[secret]") }
		w.cfg.Items[0].Template = sessiontest.Template(w.t, load.Spec{Method: "GET", URI: w.cfg.Items[0].Name + "?{{token}}", Contains: "{{token}}", Timeout: sc.Timeout})
	case "limit-rss":
		sc.Limits.RSS = sessiontest.Fresh + int64(number())
	case "room":
		w.p.Room = int64(number())
	case "grouped":
		w.p.Grouped = true
	case "limit-time":
		sc.Limits.Time = duration()
	case "patience":
		w.cfg.Patience = duration()
	case "elapsed":
		w.cfg.Elapsed = duration()
	case "sent":
		w.cfg.Sent, w.cfg.Total = []int{number()}, number()
	case "data":
		sc.Data = []map[string]string{{"id": "a"}, {"id": "b"}, {"id": "c"}}
		w.cfg.Items[0].Template = sessiontest.Template(w.t, load.Spec{
			Method: "GET", URI: w.cfg.Items[0].Name + "?{{n}}-{{data.id}}", Contains: value, Timeout: sc.Timeout,
		})
	case "rejoin":
		w.cfg.Rejoin = sessiontest.ID(number())
	default:
		d.Fatalf(w.t, "no option %s", key)
	}
}

func (w *world) parse(d *datadriven.TestData, path string, words []string) *route {
	r := &route{}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		var err error
		switch key {
		case "keep":
			r.keep, err = strconv.ParseFloat(value, 64)
		case "delay":
			w.p.Delay[path], err = time.ParseDuration(value)
		case "fail":
			var f [2]int
			_, err = fmt.Sscanf(value, "%d-%d", &f[0], &f[1])
			r.fail = append(r.fail, f)
		case "drop":
			r.drop, err = strconv.Atoi(value)
		case "die":
			r.die, err = strconv.Atoi(value)
		case "gone":
			r.gone, err = strconv.Atoi(value)
		case "cancel":
			r.cancel, err = strconv.Atoi(value)
		case "slow":
			n, long, _ := strings.Cut(value, ":")
			if r.slow, err = strconv.Atoi(n); err == nil {
				r.long, err = time.ParseDuration(long)
			}
		case "cookie":
			r.cookie = true
		default:
			d.Fatalf(w.t, "no word %s", word)
		}
		if err != nil {
			d.Fatalf(w.t, "%s: %v", word, err)
		}
	}
	return r
}

func (w *world) answer(p *sessiontest.Process, r *route, path string, n int) int {
	if r == nil {
		return 404
	}
	switch n {
	case r.drop:
		panic(http.ErrAbortHandler)
	case r.die:
		p.Die()
	case r.gone:
		p.Gone = fault.Measuref("pid 7 has ended")
	case r.cancel:
		w.cancel()
	}
	p.Delay[path] %= time.Second
	if n == r.slow {
		p.Delay[path] += r.long
	}
	if slices.ContainsFunc(r.fail, func(f [2]int) bool { return n >= f[0] && n <= f[1] }) {
		return 500
	}
	p.Keep(r.keep)
	return 200
}

// wrong lets something go wrong from now on.
func (w *world) wrong(d *datadriven.TestData, args map[string]string) {
	var err error
	if d.Input != "" {
		f := fault.Measuref("%s", d.Input)
		if hint, ok := args["hint"]; ok {
			f = f.WithHint("%s", hint)
		}
		err = f
	}
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return fault.Measuref("the agent does not answer").Because(ctx.Err()).WithHint("%s", args["hint"])
	}
	switch what := d.CmdArgs[0].Key; what {
	case "check":
		w.p.Locked(func() { w.p.Gone = err })
	case "check-alone": // it sees more while no connection is open
		w.p.Locked(func() { w.p.Gone, w.p.Alone = err, true })
	case "stopped":
		w.p.Locked(func() { w.p.Stopped = true })
	case "pin":
		w.p.PinFails = err
	case "restart":
		w.p.RestartFails = err
	case "meter":
		w.p.MeterFails = err
	case "memory-gone": // before the process is
		w.p.MeterFails = proc.ErrGone
		time.AfterFunc(18*time.Millisecond, func() { w.p.Locked(func() { w.p.Gone = err }) })
	case "memory-stays-gone":
		w.p.MeterFails = proc.ErrGone
	case "little-memory":
		w.p.Facts.Limit, w.p.Facts.Available = sessiontest.Fresh+30<<20, 20<<20
	case "grown":
		w.p.Locked(func() { w.p.RSS += 1 << 20 })
	case "grows-meanwhile": // while it is to answer
		time.AfterFunc(4900*time.Millisecond, func() { w.p.Locked(func() { w.p.RSS += 60 << 20 }) })
	case "waits": // for memory
		w.p.Locked(func() { w.p.Stalled = 70 })
	case "swap":
		w.p.Swap = 8 << 20
	case "open-meter":
		w.cfg.OpenMeter = func(proc.ID) (session.Meter, error) { return nil, err }
		w.session = session.New(w.cfg)
	case "no-counter":
		w.cfg.OpenCounter = func(context.Context, session.Pinned, *load.Client) (session.Counter, error) {
			return nil, &session.Without{Err: err}
		}
		w.session = session.New(w.cfg)
	case "open-counter":
		w.cfg.OpenCounter = func(ctx context.Context, _ session.Pinned, _ *load.Client) (session.Counter, error) {
			if err == nil {
				return nil, hang(ctx)
			}
			return nil, err
		}
		w.session = session.New(w.cfg)
	case "touched":
		w.p.TouchFails = err
	case "counter":
		w.p.BeforeRead = func(ctx context.Context, _ int) error {
			if err == nil {
				return hang(ctx)
			}
			return err
		}
	case "counter-dies": // its connection first, then its process
		w.p.BeforeRead = func(context.Context, int) error {
			time.AfterFunc(8*time.Millisecond, func() { w.p.Locked(func() { w.p.Gone = err }) })
			return fault.Measuref("the agent went away in the middle")
		}
	case "start-trace":
		w.tracer.StartFails = err
	case "stop-trace":
		w.tracer.StopFails = err
	case "start-callers":
		w.tracer.StartCallersFails = err
	case "stop-callers":
		w.tracer.StopCallersFails = err
	case "start-holders":
		w.tracer.StartHoldersFails = err
	case "stop-holders":
		w.tracer.StopHoldersFails = err
	case "no-callers":
		w.tracer.NoCallers = true
	case "remark":
		w.tracer.Said = d.Input
	case "few":
		w.tracer.Saw = true
	case "explained":
		w.p.Explanation = d.Input
	case "page":
		w.p.Page = func(rw http.ResponseWriter, _ *http.Request, status int) { rw.WriteHeader(status) }
	case "keys":
		w.tracer.Held = []string{"Hash key " + d.Input}
	case "heap-file":
		w.tracer.Quiet, w.tracer.Note = true, d.Input
	case "tracing-takes":
		w.tracer.Started = func(p *sessiontest.Process) { p.RSS += 1 << 30 }
	case "holders-take":
		w.tracer.HoldersStarted = func(p *sessiontest.Process) { p.RSS += 1 << 30 }
	case "facts":
		w.p.Facts.RSSError, w.p.Facts.Kernel, w.p.Facts.Threads = 1<<20, "5.4", 40
		w.p.Facts.HugePages, w.p.Facts.HugeAllowed = "always", true
		w.p.Facts.Swap, w.p.Facts.Limit = 8<<20, 1<<30
		w.p.Advice = []target.Advice{{Code: "may-be-replaced", Message: d.Input}}
	default:
		d.Fatalf(w.t, "nothing called %s goes wrong", what)
	}
}

// above is what the metric is above that of a fresh process.
func (w *world) above(metric int64) int64 {
	if w.cfg.Scenario.Metric == scenarios.MetricAnon {
		return metric - (sessiontest.Fresh - sessiontest.Files)
	}
	return metric - sessiontest.Fresh
}

// hook settles and counts nothing.
type hook struct{}

func (hook) Name() string                            { return "hook" }
func (hook) Columns() []runtimes.Column              { return nil }
func (hook) Read(context.Context) ([]float64, error) { return nil, nil }
func (hook) Close() error                            { return nil }
