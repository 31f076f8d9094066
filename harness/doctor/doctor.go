// Package doctor looks at a target before a run, with a few requests. It says what
// could go wrong with the run, and which leaks RSS alone would find.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/judge"
	"leakhunt/harness/proc"
	"leakhunt/harness/record"
	"leakhunt/harness/session"
	"leakhunt/harness/target"
	"leakhunt/harness/units"
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
func Diagnose(ctx context.Context, plan *harness.Plan, tgt session.Target, opt harness.Options) (*Diagnosis, error) {
	began := time.Now()
	st := judge.New(plan.Header(opt, began))
	d := &doctor{
		Diagnosis: &Diagnosis{Findings: []Finding{}, Floors: []Floor{}}, st: st,
		s: session.New(plan.Session(tgt, opt, st, began, nil)),
	}
	return d.Diagnosis, errors.Join(d.diagnose(ctx), d.s.Close())
}

// doctor looks at one process.
type doctor struct {
	*Diagnosis
	st *judge.State
	s  *session.Session
}

// do carries an action out. Its error says why the process cannot be looked at any
// longer.
func (d *doctor) do(ctx context.Context, a record.Action) error {
	var bad error
	err := d.s.Do(ctx, a, func(e record.Event) { bad = errors.Join(bad, d.st.Append(e)) })
	switch {
	case err != nil:
		return err
	case d.st.Stopped != nil && d.s.Err() != nil:
		return d.s.Err()
	}
	return bad
}

func (d *doctor) diagnose(ctx context.Context) error {
	if err := d.do(ctx, record.Open{}); err != nil {
		return err
	}
	info := d.st.Life().Process
	d.good("pid %d is pinned (%s)", info.PID, strings.Join(slices.DeleteFunc(slices.Compact([]string{info.Kind, info.Server, info.Runtime, info.URL}),
		func(s string) bool { return s == "" }), ", "))
	if inner := target.InContainer(info.PID); inner > 0 {
		d.good("it runs in a container, where it is pid %d; its memory is read from here", inner)
	}
	for _, w := range d.st.Notes {
		d.bad("", "%s", w.Message)
	}
	if err := d.answers(ctx); err != nil {
		return err
	}
	d.environment(info)
	d.evidence()
	return d.floors(ctx)
}

func (d *Diagnosis) good(format string, args ...any) {
	d.Findings = append(d.Findings, Finding{OK: true, Text: fmt.Sprintf(format, args...)})
}

func (d *Diagnosis) bad(remedy, format string, args ...any) {
	d.Findings = append(d.Findings, Finding{Text: fmt.Sprintf(format, args...), Remedy: remedy})
}

// answers sends every URI twice and looks at the connection.
func (d *doctor) answers(ctx context.Context) error {
	ok := 0
	all := d.st.URIs // those of the scenario: a cookie that is set adds the row of new visitors
	for _, u := range all {
		if err := d.do(ctx, record.Send{URI: u.Index, N: 2, Purpose: record.Warmup, Strict: true}); err != nil {
			return err
		}
		if u.First != "" {
			d.bad("Correct the URI, or say with expect: which status is right.", "%s fails: %s", u.Name, u.First)
			continue
		}
		ok++
	}
	d.Findings = append(d.Findings, Finding{OK: ok == len(all), Text: fmt.Sprintf("%d of %d URIs answer as expected", ok, len(all))})
	if n := d.s.Connections(); n <= d.st.Total/2 {
		d.good("the connection is kept alive: every request reaches the same worker")
	} else {
		d.good("connections end after each answer (%d for %d requests), and one worker takes them all", n, d.st.Total)
	}
	return d.do(ctx, record.Measure{})
}

func (d *doctor) environment(info record.Process) {
	env, err := proc.Environ(info.PID)
	if err != nil {
		d.bad("", "the process's environment cannot be read: %v", err)
		return
	}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if remedy, text := slow(name, value); text != "" {
			d.bad(remedy, "%s", text)
		}
		if remedy, text := vanishing(name, value); text != "" && info.Kind != "command" { // ours goes with the run
			d.bad(remedy, "%s", text)
		}
	}
	could := target.Tight(info.Runtime)
	switch {
	case d.st.Tight():
		d.good("allocator and collector keep little back: %s", forShell(d.st.Life().Facts.Tight))
	case !d.st.Counted() && len(could) > 0:
		d.bad("Start it with these in its environment (Passenger: a line SetEnv NAME VALUE for each), and RSS follows what is alive: "+
			forShell(target.Keep(could)), "allocator and collector keep free memory back, in which a leak can hide")
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

func (d *doctor) evidence() {
	if d.st.Counted() {
		d.good("the runtime counts what is alive (%s): a leak of 64 to 512 B per request shows within about 250 requests", d.st.Life().Counter)
		return
	}
	remedy := "Ask for more requests."
	if better := d.st.Better(); better != "" {
		remedy = "Better evidence: " + better + "."
	}
	d.bad(remedy, "no counter of the runtime: RSS alone will judge")
}

// floors measures how far readings scatter on the first URI that answers.
func (d *doctor) floors(ctx context.Context) error {
	i := slices.IndexFunc(d.st.URIs, func(u *judge.URI) bool { return u.First == "" })
	if i < 0 {
		return fault.Measuref("no URI answers as expected")
	}
	u := d.st.URIs[i]
	if err := d.do(ctx, record.Send{URI: u.Index, N: doctorWarmup, Purpose: record.Warmup}); err != nil {
		return err
	}
	if err := d.do(ctx, record.Send{URI: u.Index, N: doctorProbe, Purpose: record.Sweep, Round: 1, Settle: true}); err != nil {
		return err
	}
	j := d.st.ByRSS(u)
	for _, n := range []int{512, 2048, 8192} {
		// The quantum of the allocator, and the memory that may stand free, in
		// which a leak hides until it is full, rule the floor: both fall as 1/n.
		d.Floors = append(d.Floors, Floor{Requests: n, Bytes: j.Detectable * doctorProbe / float64(n)})
	}
	d.good("readings of %s: RSS grew %s through %s requests", u.Name, units.Rate(j.Growth), units.Count(doctorProbe))
	return nil
}
