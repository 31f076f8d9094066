package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
)

// Options are what a run needs from outside.
type Options struct {
	Version  string
	Command  []string // as Result has it
	Observer Observer
	// OpenMeter opens the meter of the pinned process.
	OpenMeter func(proc.ID) (Meter, error)
	// OpenCounter opens the runtime's counter where there is one; nil without.
	OpenCounter func(context.Context, Pinned, *load.Client) (Counter, error)
	// Patience is how long a counter may take to answer. 0: a minute, for it walks
	// over the heap, or the scenario's timeout where that is more.
	Patience time.Duration
	// Outlast is how long what a counter convicts for must have stayed, at least,
	// before the sweep may end. 0: six seconds.
	Outlast time.Duration
	// Secret is told each captured value, which must then appear nowhere.
	Secret func(string)
	// SitesFor are globs of URI names that are traced whatever their verdict.
	SitesFor []string
}

// Without is the error of OpenCounter where the runtime's own counter should be
// there and is not: the run goes on with the Counter that was returned, or by
// RSS alone where that is nil.
type Without struct{ Err error }

func (w *Without) Error() string { return "judged without the runtime's own counter: " + w.Err.Error() }

func (w *Without) Unwrap() error { return w.Err }

// Run pins the target, carries the plan out and judges every URI. The result
// is never nil: it holds what was measured, and is marked incomplete where
// Run also returns an error. That is a *fault.Error where the target could
// not be measured, and the context's error where the run was interrupted.
func Run(ctx context.Context, plan *Plan, tgt Target, opt Options) (*Result, error) {
	h := newHunt(plan, opt)
	err := h.run(ctx, tgt)
	res := h.result()
	if err == nil {
		res.Complete = true
		return res, nil
	}
	res.Incomplete, res.EndedBy = err.Error(), EndedByFault
	var halt *stop
	switch {
	case interrupted(err):
		res.Incomplete, res.EndedBy = "interrupted", EndedByUser
		return res, err
	case errors.As(err, &halt) && halt.err == nil:
		// A limit the user set: nothing is wrong with the target.
		h.observer.Note("stopped: " + halt.reason)
		res.EndedBy = EndedByLimit
		return res, nil
	}
	return res, err
}

func newHunt(plan *Plan, opt Options) *hunt {
	if opt.Observer == nil {
		opt.Observer = Silent{}
	}
	if plan.Seed == 0 {
		plan.Seed = time.Now().UnixNano()&(1<<53-1) | 1
	}
	h := &hunt{
		session: session{plan: plan, observer: opt.Observer, secret: opt.Secret, began: time.Now(), anon: metered(plan.Scenario)},
		order:   rand.New(rand.NewPCG(uint64(plan.Seed), 1)),
		opt:     opt,
	}
	for _, it := range plan.Items {
		h.tracks = append(h.tracks, &track{Item: it})
	}
	return h
}

// hunt is one run.
type hunt struct {
	session
	order     *rand.Rand
	opt       Options
	tracks    []*track      // the URIs that share the present process
	kept      []URIResult   // those whose verdicts are final, since they ran on one before
	start     int64         // the metric when the process was pinned
	startAnon int64         // anonymous memory then
	warmed    int64         // the metric after the burn-in
	swept     *edge         // the reading at the end of the sweep
	burned    int           // requests of the burn-in
	restarted []float64     // when the process was started again, in seconds since the run began
	revived   int           // how often because it was lost
	starting  time.Duration // how long that took at first
	allocator string
	passPeak  int64  // the highest RSS of the pass that names lines
	dir       string // the process's working directory, "" where it is not known
}

func (h *hunt) run(ctx context.Context, tgt Target) (err error) {
	h.observer.Note("pinning the process")
	if h.pinned, err = tgt.Pin(ctx); err != nil {
		return err
	}
	h.starting = time.Since(h.began)
	defer func() { err = errors.Join(err, h.pinned.Close()) }()
	defer h.disconnect()
	if err := h.begin(ctx); err != nil {
		if err := h.revive(ctx, err); err != nil {
			return err
		}
	}
	if err := h.examine(ctx); err != nil {
		return err
	}
	return h.isolate(ctx)
}

// examine measures and judges the URIs that share the process.
func (h *hunt) examine(ctx context.Context) error {
	for _, step := range []func(context.Context) error{h.sweep, h.outlast, h.confirmAll, h.nameSites} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// begin makes a fresh process ready to be measured.
func (h *hunt) begin(ctx context.Context) error {
	for _, step := range []func(context.Context) error{h.open, h.study, h.login, h.count, h.burnIn} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// open connects the load and the meter to the pinned process.
func (h *hunt) open(ctx context.Context) (err error) {
	h.client = load.New(h.pinned.Endpoint(), true)
	h.patience = cmp.Or(h.opt.Patience, max(switchLimit, h.plan.Scenario.Timeout))
	meter, err := h.opt.OpenMeter(h.pinned.Process())
	if err != nil {
		return h.unlessLost(ctx, fault.Measuref("cannot read the memory of pid %d", h.pinned.Process().PID).Because(err))
	}
	h.meter = meter
	begin := time.Now()
	const tries = 16
	for range tries {
		if h.start, err = h.sample(); err != nil {
			return h.broken(ctx, err)
		}
	}
	h.readCost = time.Since(begin) / tries
	if r, err := h.meter.Read(); err == nil {
		h.startAnon = r.Anon + r.Swap
	}
	// The link to a folder that was removed since ends in " (deleted)".
	if dir, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", h.pinned.Process().PID)); err == nil && dir != "/" {
		h.dir = strings.TrimSuffix(dir, " (deleted)")
	}
	info := h.pinned.Info()
	env, _ := proc.Environ(info.PID) // of others' processes, where it may be read
	argv, _ := proc.Cmdline(info.PID)
	h.settings = target.Tightly(info.Runtime, slices.Concat(env, info.Settings))
	if h.told = target.Told(info.Runtime, env, argv); len(h.told) > 0 {
		h.settings = nil
	}
	h.observer.Note(fmt.Sprintf("pinned pid %d (%s %s)", info.PID, info.Kind, info.URL))
	return nil
}

// count opens the runtime's counter, after the login: a probe or a settle hook of
// the application may want it.
func (h *hunt) count(ctx context.Context) error {
	if h.opt.OpenCounter == nil {
		return nil
	}
	var without *Without
	err := h.patiently(ctx, func(ctx context.Context) (err error) {
		if h.counter, err = h.opt.OpenCounter(ctx, h.pinned, h.client); errors.As(err, &without) {
			return nil
		}
		return err
	})
	if err != nil || without != nil {
		err = h.unlessLost(ctx, err)
	}
	if without != nil && err == nil {
		h.warnings.add("no-counter", "%s", strings.TrimSpace(without.Error()+". "+fault.HintOf(without.Err)))
		h.observer.Note(without.Error())
	}
	return err
}

// burnIn sends requests that are not judged: what the first requests load,
// compile and cache is no leak. The URIs take turns, so that each also meets
// the heap that the others leave behind.
func (h *hunt) burnIn(ctx context.Context) error {
	h.progress.phase = "warming up"
	before := h.total
	each := h.plan.BurnIn(h.counter != nil)
	h.progress.expected = h.total + h.expected(each)
	for _, n := range Blocks(each, burnInPasses, false) {
		for _, i := range h.order.Perm(len(h.tracks)) {
			t := h.tracks[i]
			if t.broken {
				continue
			}
			if err := h.warm(ctx, t, n); err != nil {
				return err
			}
		}
	}
	var err error
	h.burned = h.total - before
	if h.client.Visits() && len(h.plan.Scenario.Before) == 0 {
		h.warnings.add("one-visitor", "the application set a cookie, and all requests send it, as one visitor's: what it keeps for each visitor (sessions) does not grow then; "+
			"cookies: fresh at a URI makes each of its requests a new visitor's")
	}
	h.warmed, err = h.sample()
	if err != nil {
		return h.broken(ctx, err)
	}
	return nil
}

// sweep sends the judged requests: rounds of one block to each URI that still
// needs some, each round in a new random order.
func (h *hunt) sweep(ctx context.Context) error {
	pace := h.pace()
	for round := 1; ; round++ {
		h.progress.phase = fmt.Sprintf("round %d", round)
		sent := 0
		for _, i := range h.order.Perm(len(h.tracks)) {
			t := h.tracks[i]
			if t.done || t.broken {
				continue
			}
			n := pace.next(t, round)
			if n <= 0 {
				t.done = true
				continue
			}
			if err := h.lead(ctx, t, n); err != nil {
				return err
			}
			if err := h.whole(ctx, t, n, round); err != nil {
				return err
			}
			sent += n
			t.slack = h.slack()
			pace.look(t)
		}
		if sent == 0 {
			return nil
		}
		h.progress.expected = h.total + h.ahead(pace, round)
		h.observer.Standing(h.standing())
	}
}

// ahead is how many requests the sweep will still send, as far as is known.
func (h *hunt) ahead(p pace, round int) (n int) {
	for _, t := range h.tracks {
		if !t.done && !t.broken {
			n += p.ahead(t, round)
		}
	}
	return n
}

// expected is a first guess at all requests of the run.
func (h *hunt) expected(burnIn int) int {
	n := burnIn * len(h.tracks)
	p := h.pace()
	for _, t := range h.tracks {
		n += p.ahead(t, 0)
	}
	return n
}
