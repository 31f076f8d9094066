package harness

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// Finding is one thing that the doctor looked at.
type Finding struct {
	OK     bool
	Text   string // what was seen, as a sentence without a full stop
	Remedy string // what to do about it; empty where OK
}

// Diagnosis is what a run on this very target would meet.
type Diagnosis struct {
	Findings []Finding
	// Floors are the smallest leaks, in bytes per request, that so many
	// requests to one URI would find by RSS alone.
	Floors []Floor
}

// Floor is a number of requests and what it finds.
type Floor struct {
	Requests int
	Bytes    float64
}

// The doctor's own requests: enough to see whether connections are kept and
// how far readings scatter.
const (
	doctorWarmup = 200
	doctorProbe  = 512
)

// Diagnose pins the target, sends a few requests, and says what could go wrong
// in a run. The error is that of a target which cannot be pinned at all.
func Diagnose(ctx context.Context, plan *Plan, tgt Target, opt Options) (*Diagnosis, error) {
	if opt.Observer == nil {
		opt.Observer = Silent{}
	}
	h := &hunt{
		session: session{plan: plan, observer: opt.Observer, secret: opt.Secret, began: time.Now(), anon: metered(plan.Scenario)},
		order:   rand.New(rand.NewPCG(1, 1)),
		opt:     opt,
	}
	for _, it := range plan.Items {
		h.tracks = append(h.tracks, &track{Item: it})
	}
	d := &Diagnosis{Findings: []Finding{}, Floors: []Floor{}}
	return d, h.diagnose(ctx, tgt, d)
}

func (h *hunt) diagnose(ctx context.Context, tgt Target, d *Diagnosis) (err error) {
	if h.pinned, err = tgt.Pin(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.pinned.Close()) }()
	defer h.disconnect()
	if err := h.open(ctx); err != nil {
		return err
	}
	info := h.pinned.Info()
	d.good("pid %d is pinned (%s)", info.PID, strings.Join(slices.DeleteFunc(slices.Compact([]string{info.Kind, info.Server, info.Runtime, info.URL}),
		func(s string) bool { return s == "" }), ", "))
	if inner := target.InContainer(info.PID); inner > 0 {
		d.good("it runs in a container, where it is pid %d; its memory is read from here", inner)
	}
	if err := h.login(ctx); err != nil {
		return err
	}
	if err := h.count(ctx); err != nil {
		return err
	}
	if err := h.study(ctx); err != nil {
		return err
	}
	for _, w := range h.warnings {
		d.bad("", "%s", w.Message)
	}
	if err := h.answers(ctx, d); err != nil {
		return err
	}
	h.environmentOf(d)
	h.evidenceOf(d)
	return h.floors(ctx, d)
}

func (d *Diagnosis) good(format string, args ...any) {
	d.Findings = append(d.Findings, Finding{OK: true, Text: fmt.Sprintf(format, args...)})
}

func (d *Diagnosis) bad(remedy, format string, args ...any) {
	d.Findings = append(d.Findings, Finding{Text: fmt.Sprintf(format, args...), Remedy: remedy})
}

// answers sends every URI twice and looks at the connection.
func (h *hunt) answers(ctx context.Context, d *Diagnosis) error {
	ok := 0
	for _, t := range h.tracks {
		for range 2 {
			res, err := h.send(ctx, t)
			if err != nil {
				return err
			}
			if !res.OK() {
				remedy := "Correct the URI, or say with expect: which status is right."
				if res.Err != nil { // no answer, whatever is expected
					remedy = fault.HintOf(res.Err)
				}
				d.bad(remedy, "%s fails: %s", t.Name, failureText(res))
				break
			}
		}
		if t.failed == 0 {
			ok++
		}
	}
	d.Findings = append(d.Findings, Finding{OK: ok == len(h.tracks), Text: fmt.Sprintf("%d of %d URIs answer as expected", ok, len(h.tracks))})
	if n := h.client.Connections(); n <= h.total/2 {
		d.good("the connection is kept alive: every request reaches the same worker")
	} else {
		d.good("connections end after each answer (%d for %d requests), and one worker takes them all", n, h.total)
	}
	if err := h.pinned.Check(ctx, h.client.Conn()); err != nil {
		return h.lost(err)
	}
	return nil
}

// development names the variables that put frameworks into a mode in which
// they load code anew, which looks like a leak.
var development = []string{"RAILS_ENV", "RACK_ENV", "NODE_ENV", "FLASK_ENV", "APP_ENV", "DJANGO_DEBUG", "FLASK_DEBUG"}

func (h *hunt) environmentOf(d *Diagnosis) {
	env, err := proc.Environ(h.pinned.Process().PID)
	if err != nil {
		d.bad("", "the process's environment cannot be read: %v", err)
		return
	}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if slices.Contains(development, name) && (value == "development" || value == "dev" || value == "1") {
			d.bad("Start it in production mode: "+name+"=production.",
				"%s=%s: in development mode code is loaded anew, which grows memory without a leak", name, value)
		}
	}
	could := target.Tight(h.pinned.Info().Runtime)
	switch {
	case h.tight():
		d.good("allocator and collector keep little back: %s", forShell(h.settings))
	case h.counter == nil && len(could) > 0:
		d.bad("Start it with these in its environment (Passenger: a line SetEnv NAME VALUE for each), and RSS follows what is alive: "+
			forShell(could), "allocator and collector keep free memory back, in which a leak can hide")
	}
}

// forShell are settings in one line, as a shell would take them: some hold
// several options.
func forShell(settings []string) string {
	var out []string
	for _, s := range settings {
		if name, value, _ := strings.Cut(s, "="); strings.Contains(value, " ") {
			s = name + "=" + strconv.Quote(value)
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func (h *hunt) evidenceOf(d *Diagnosis) {
	if h.counter != nil {
		d.good("the runtime counts what is alive (%s): a leak of 64 to 512 B per request shows within about 250 requests", h.counter.Name())
		return
	}
	remedy := "Ask for more requests."
	if better := h.better(); better != "" {
		remedy = "Better evidence: " + better + "."
	}
	d.bad(remedy, "no counter of the runtime: RSS alone will judge")
}

// floors measures how far readings scatter on the first URI that answers.
func (h *hunt) floors(ctx context.Context, d *Diagnosis) error {
	i := slices.IndexFunc(h.tracks, func(t *track) bool { return t.failed == 0 })
	if i < 0 {
		return fault.Measuref("no URI answers as expected")
	}
	t := h.tracks[i]
	if err := h.warm(ctx, t, doctorWarmup); err != nil {
		return err
	}
	if err := h.block(ctx, t, doctorProbe, 1, false); err != nil {
		return err
	}
	t.slack = h.slack()
	j := verdict.Fixed(t.joined(nil), h.params(t))
	for _, n := range []int{512, 2048, 8192} {
		// The quantum of the allocator, and the memory that may stand free, in
		// which a leak hides until it is full, rule the floor: both fall as 1/n.
		d.Floors = append(d.Floors, Floor{Requests: n, Bytes: j.Detectable * doctorProbe / float64(n)})
	}
	d.good("readings of %s: RSS grew %s through %s requests", t.Name, units.Rate(j.Growth), units.Count(doctorProbe))
	return nil
}
