package harness_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/datadriven"

	"leakhunt/harness"
	"leakhunt/harness/doctor"
	"leakhunt/harness/fault"
	"leakhunt/harness/hunttest"
	"leakhunt/harness/judge"
	"leakhunt/harness/lanes"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/watch"
)

// TestTexts reads runs as text: a process that serves, the run, and what is reported.
// The clock is virtual. The commands are
//
//	process …                          # see begin and hunttest.Parse
//	run [interrupt=PATH:N|waiting]     # the whole run, or up to the N-th request to a path
//	kill interrupt=PATH:N              # the same, by kill -9: its record ends there
//	resume [interrupt=…]               # what was interrupted or killed goes on
//	doctor                             # what it says of the process
//	verdicts | why [PATH …] | warnings | target | series PATH | sites
//	phases | notes | progress | sent | end
func TestTexts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &world{t: t}
				datadriven.RunTest(t, path, w.command)
			})
		})
	}
}

func (w *world) command(t *testing.T, d *datadriven.TestData) string {
	w.stop = ""
	d.MaybeScanArgs(t, "interrupt", &w.stop)
	switch d.Cmd {
	case "process":
		w.begin(d)
		return ""
	case "run":
		return w.run()
	case "kill":
		w.run()
		for len(w.events) > 0 { // all but the last second is on disk
			last := w.events[len(w.events)-1]
			w.events = w.events[:len(w.events)-1]
			if _, ended := last.(record.Ended); ended {
				break
			}
		}
		return ""
	case "resume":
		return w.resume()
	case "doctor":
		return w.doctor()
	case "verdicts":
		return hunttest.Table(w.res, true, d.HasArg("floors"))
	case "why":
		return w.each(func(u result.URI) string {
			if len(d.CmdArgs) > 0 && !d.HasArg(u.Name) {
				return ""
			}
			return hunttest.Plain(u.Why)
		})
	case "sites":
		return w.each(func(u result.URI) string { return hunttest.Plain(u.SitesNote) })
	case "warnings":
		text := ""
		for _, n := range w.res.Warnings {
			text += n.Code + ": " + hunttest.Plain(n.Message) + "\n"
		}
		return orNone(text)
	case "pinned":
		return fmt.Sprintln(w.res.Target.PID > 0)
	case "target":
		r := w.res
		text := fmt.Sprintf("%s, %d restarts at", r.Target.Kind, r.Target.Restarts)
		for _, at := range r.Target.RestartedAt {
			text += fmt.Sprintf(" %.1f", at)
		}
		return text + fmt.Sprintf(" of %.1f s, closed %d times\n", r.DurationS, w.p.Closed)
	case "series":
		return w.series(d.CmdArgs[0].Key)
	case "phases":
		return strings.Join(w.phases, "\n") + "\n"
	case "notes":
		return orNone(strings.Join(w.notes, "\n"))
	case "progress":
		return w.guesses()
	case "sent":
		text := ""
		for _, path := range slices.Sorted(keys(w.sent)) {
			text += fmt.Sprintf("%s %d\n", path, w.sent[path])
		}
		twice := 0
		for path, n := range w.asked {
			if n > 1 && numbered.MatchString(path) {
				twice++
			}
		}
		return text + fmt.Sprintf("%d in all, %d numbers twice\n", w.res.RequestsTotal, twice)
	}
	d.Fatalf(t, "no command %s", d.Cmd)
	return ""
}

func keys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func orNone(text string) string {
	if text == "" {
		return "none\n"
	}
	return strings.TrimSuffix(text, "\n") + "\n"
}

func (w *world) each(say func(result.URI) string) string {
	text := ""
	for _, u := range w.res.URIs {
		if s := say(u); s != "" {
			text += u.Name + ": " + s + "\n"
		}
	}
	return orNone(text)
}

// run makes the run, or goes on with it, and says what became of it.
func (w *world) run() string {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	w.cancel = cancel
	w.phases, w.notes, w.progress = nil, nil, nil
	opt := w.opt
	opt.Observer = w
	opt.Journal = func(h record.Header) (harness.Journal, error) {
		w.header = h
		return w, nil
	}
	w.res, w.err = harness.Run(ctx, w.plan, w, opt)
	slices.SortFunc(w.res.URIs, func(a, b result.URI) int { return a.Line - b.Line })
	text := hunttest.Table(w.res, true, false)
	if !w.res.Complete {
		text += fmt.Sprintf("incomplete, ended by %s: %s\n", w.res.EndedBy, w.res.Incomplete)
	}
	if w.err != nil {
		kind := map[fault.Kind]string{fault.Internal: "internal", fault.Usage: "usage", fault.Measure: "measure"}[fault.KindOf(w.err)]
		if errors.Is(w.err, context.Canceled) {
			kind = "interrupt"
		}
		text += fmt.Sprintf("error (%s): %v. %s\n", kind, w.err, fault.HintOf(w.err))
	}
	return strings.NewReplacer(" \n", "\n", fmt.Sprintf("pid %d", os.Getpid()), "pid PID").Replace(text)
}

// Append implements harness.Journal.
func (w *world) Append(e record.Event) error {
	w.events = append(w.events, e)
	return nil
}

// resume reads the record from its bytes, as a journal does, and goes on from there. A
// process that was started for the run has ended with it.
func (w *world) resume() string {
	enc := record.NewEncoder(w.header.Environment.PageBytes)
	file, err := enc.Header(nil, w.header)
	for _, e := range w.events {
		if err == nil {
			file, err = enc.Append(file, e)
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := record.NewReader(bytes.NewReader(file))
	if err != nil {
		w.t.Fatal(err)
	}
	st := judge.New(r.Header)
	for {
		e, err := r.Next()
		if err != nil {
			break // its end: what was encoded is whole
		}
		if err := st.Append(e); err != nil {
			w.t.Fatal(err)
		}
	}
	if w.p.Kind == "command" {
		w.model.Restart()
		w.p.Locked(w.sync)
	}
	w.opt.Resume = lanes.Of(st)
	w.plan.GoOn(w.opt.Resume)
	return w.run()
}

// Progress implements watch.Observer.
func (w *world) Progress(p watch.Progress) {
	w.progress = append(w.progress, p)
	if n := len(w.phases); n == 0 || w.phases[n-1] != p.Phase {
		w.phases = append(w.phases, p.Phase)
	}
}

// Note implements watch.Observer.
func (w *world) Note(text string) {
	w.notes = append(w.notes, hunttest.Plain(text))
	if w.stop == "waiting" && strings.HasPrefix(text, "waiting") {
		w.cancel()
	}
}

// Standing implements watch.Observer.
func (w *world) Standing([]result.URI) {}

// guesses are the first progress that was told, the first that holds a guess of the time
// that is left, and the last.
func (w *world) guesses() string {
	text := ""
	say := func(p watch.Progress) {
		text += fmt.Sprintf("%s, %s: %d of %d requests in %s, %s left\n", p.Phase, p.URI, p.Sent, p.Expected, p.Elapsed.Round(time.Millisecond), p.Left.Round(time.Second))
	}
	say(w.progress[0])
	if i := slices.IndexFunc(w.progress, func(p watch.Progress) bool { return p.Left > 0 }); i > 0 {
		say(w.progress[i])
	}
	say(w.progress[len(w.progress)-1])
	return text
}

// series says what the points of a URI's series are.
func (w *world) series(name string) string {
	for _, u := range w.res.URIs {
		if u.Name != name {
			continue
		}
		text := fmt.Sprintf("%d judged requests, %d to warm up", u.Requests, u.Warmup.Requests)
		for i, p := range u.Series {
			switch {
			case p.Fresh:
				text += fmt.Sprintf("; a fresh process at %d", p.Requests)
			case p.Alone && !u.Series[max(0, i-1)].Alone:
				text += fmt.Sprintf("; alone from %d", p.Requests)
			}
			if p.Requests < u.Series[max(0, i-1)].Requests {
				text += fmt.Sprintf("; BACK TO %d", p.Requests)
			}
		}
		return text + "\n"
	}
	return "no such URI\n"
}

func (w *world) doctor() string {
	found, err := doctor.Diagnose(w.t.Context(), w.plan, w, w.opt)
	text := ""
	for _, f := range found.Findings {
		sign := "-"
		if f.OK {
			sign = "+"
		}
		line := sign + " " + f.Text
		if f.Remedy != "" {
			line += ". " + f.Remedy
		}
		text += strings.ReplaceAll(line, fmt.Sprint(os.Getpid()), "PID") + "\n"
	}
	if len(found.Floors) > 1 {
		text += fmt.Sprintf("%d floors, each lower than the one before: %v\n", len(found.Floors),
			slices.IsSortedFunc(found.Floors, func(a, b doctor.Floor) int { return int(b.Bytes - a.Bytes) }))
	}
	if err != nil {
		text += fmt.Sprintf("error: %v. %s\n", err, fault.HintOf(err))
	}
	return text + fmt.Sprintf("closed %d times\n", w.p.Closed)
}
