package session_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cockroachdb/datadriven"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
)

// TestSession reads sessions as text: a process, what is done with it, and the
// events that this gives. Its clock is virtual, so that times are exact, and waits
// cost nothing. The commands are in world_test.go.
func TestSession(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{t: t}
				datadriven.RunTest(t, path, w.command)
				w.end()
			})
		})
	}
}

// do carries one action out, and tells what happened.
func (w *world) do(a record.Action) string {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	w.cancel = cancel
	w.ticks = 0
	err := w.session.Do(ctx, a, func(e record.Event) {
		if e != nil {
			fmt.Fprintln(&w.out, w.line(e))
		}
		if err := w.log.Append(e); err != nil {
			fmt.Fprintf(&w.out, "NO RECORD: %v\n", err)
		}
	})
	if err != nil {
		fmt.Fprintf(&w.out, "error: %v (the user's: %v)\n", err, errors.Is(err, context.Canceled))
	}
	if w.tracer != nil && w.tracer.On {
		w.out.WriteString("TRACING IS STILL ON")
	}
	return w.text()
}

// text is what happened since it was asked last.
func (w *world) text() string {
	defer w.out.Reset()
	return strings.ReplaceAll(w.out.String(), fmt.Sprintf("pid %d", os.Getpid()), "pid PID")
}

// line is an event as text. Memory is told as what it is above that of a fresh
// process.
func (w *world) line(e record.Event) string {
	var b strings.Builder
	switch e := e.(type) {
	case record.Noted:
		fmt.Fprintf(&b, "noted %s: %s", e.Code, e.Message)
	case record.Opened:
		fmt.Fprintf(&b, "opened%s at %.1f: %s %s, start %d", why(e.Why), e.T, e.Process.Kind, e.Process.Runtime, e.Process.Start)
		if e.Only != nil {
			fmt.Fprintf(&b, ", only %d", *e.Only)
		}
		fmt.Fprintf(&b, ", fresh %s, before: %d, restart %v, touched %v, traces %v, counter %q", w.edge(e.Fresh), e.Sent, e.Restart, e.Touched, e.Traces, e.Counter)
		for _, c := range e.Columns {
			fmt.Fprintf(&b, " %s", c.Name)
		}
	case record.Began:
		fmt.Fprintf(&b, "began %s %s round %d, %d requests, at %.3f: %s", w.name(e.URI), e.Purpose, e.Round, e.N, e.T, w.edge(e.Start))
		if e.Touched != nil {
			fmt.Fprintf(&b, ", touched %d", *e.Touched)
		}
	case record.Readings:
		w.readings(&b, e)
	case record.Finished:
		fmt.Fprintf(&b, "finished: %s", w.edge(e.End))
	case record.Read:
		fmt.Fprintf(&b, "read after %.1f s: %s", e.Waited, w.edge(e.Edge))
	case record.Traced:
		w.traced(&b, e)
	case record.Lost:
		fmt.Fprintf(&b, "lost at %.3f by %s, killed %v: %s. %s", e.T, w.name(e.URI), e.Killed, e.Reason, e.Hint)
		fmt.Fprintf(&b, " [fault kind %d]%s", fault.KindOf(w.session.Err()), unopened(e.Process))
	case record.Failed:
		fmt.Fprintf(&b, "failed at %.3f: %s. %s [fault kind %d]%s", e.T, e.Reason, e.Hint, fault.KindOf(w.session.Err()), unopened(e.Process))
	case record.Limited:
		fmt.Fprintf(&b, "limited at %.3f by %s: %s", e.T, e.Limit, e.Reason)
	default:
		fmt.Fprintf(&b, "%#v", e)
	}
	return strings.TrimSpace(b.String())
}

func why(y record.Why) string {
	if y == record.First {
		return ""
	}
	return " " + string(y)
}

func (w *world) name(uri int) string {
	if uri < 0 {
		return "none"
	}
	if uri < len(w.cfg.Items) {
		return w.cfg.Items[uri].Name
	}
	return record.NewVisitor
}

func (w *world) readings(b *strings.Builder, e record.Readings) {
	n := len(e.Metric)
	fmt.Fprintf(b, "readings: %d sent, %d read", e.Sent, n)
	few := func(i int) bool { return n <= 6 || i == 0 || i == n-1 }
	dots := func(i int) {
		if i == 1 && n > 6 {
			b.WriteString(" …")
		}
	}
	for i := range n {
		if dots(i); few(i) {
			fmt.Fprintf(b, " %+d", w.above(e.Metric[i]))
		}
	}
	if n > 0 {
		b.WriteString("; at ms")
	}
	for i := range n {
		if dots(i); few(i) {
			fmt.Fprintf(b, " %g", float64(e.At[i])*1000/record.Ticks)
		}
	}
	slow := slices.Clone(e.Latency)
	slices.Sort(slow)
	if n > 0 {
		fmt.Fprintf(b, "; µs %v", slices.Compact(slow))
	}
	if len(e.Answers.Status) > 0 || e.Answers.Bytes > 0 {
		fmt.Fprintf(b, "; status %v, %d bytes", e.Answers.Status, e.Answers.Bytes)
	}
	if e.Failure != "" {
		fmt.Fprintf(b, "; failure %q", e.Failure)
	}
	for _, t := range e.Touched {
		fmt.Fprintf(b, "; touched %d after %d", t.Bytes, t.After)
	}
}

func (w *world) traced(b *strings.Builder, e record.Traced) {
	fmt.Fprintf(b, "traced %s", w.name(e.URI))
	if e.Control {
		b.WriteString(" as the control")
	}
	fmt.Fprintf(b, ": explained %.2f; cost %d requests, %.3f s, %d bytes", e.Explained, e.Cost.Requests, e.Cost.Seconds, e.Cost.PeakExtra)
	if e.Few {
		b.WriteString("; too few objects")
	}
	for _, text := range [][2]string{{"failed", e.Failed}, {"remark", e.Remark}, {"callers", e.Callers}, {"holders", e.Holders}} {
		if text[1] != "" {
			fmt.Fprintf(b, "; %s: %s", text[0], text[1])
		}
	}
	for _, s := range e.Sites {
		fmt.Fprintf(b, "\n  %s:%d %g objects %g bytes", s.File, s.Line, s.ObjectsPerRequest, s.BytesPerRequest)
		if s.Caller != "" {
			fmt.Fprintf(b, ", called by %s", s.Caller)
		}
		if len(s.RetainedBy) > 0 {
			fmt.Fprintf(b, ", held by %s", strings.Join(s.RetainedBy, " < "))
		}
	}
}

func (w *world) edge(e record.Edge) string {
	text := fmt.Sprintf("metric %+d at %.3f", w.above(e.Metric), e.T)
	if e.Counters != nil {
		text += fmt.Sprintf(" counters %v", e.Counters)
	}
	if e.Swap > 0 {
		text += fmt.Sprintf(" swap %d", e.Swap)
	}
	return text
}

// unopened tells of the process that was pinned and never opened.
func unopened(p *record.Process) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf(" of process %s, start %d", p.Kind, p.Start)
}
