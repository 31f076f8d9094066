package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"leakhunt/harness/runtimes"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
	"leakhunt/scenarios"
)

// The pass that names lines: enough requests that what survives by accident
// falls below one object a request, fewer to a clean URI for comparison, and a
// few more to see who calls a library.
const (
	siteRequests    = 160
	controlRequests = 100
	callerRequests  = 20
)

// callerTracer is a Tracer whose sites have only their innermost frame: a
// short second pass notes who calls them.
type callerTracer interface {
	StartCallers(ctx context.Context, sites []runtimes.Site) (bool, error)
	StopCallers(ctx context.Context, sites []runtimes.Site) ([]runtimes.Site, error)
}

// remarker is a Tracer that may have named less than it could elsewhere.
type remarker interface {
	Remark() string // "" where all is well
}

// nameSites names, for each convicted URI, the lines that made what stays
// alive. It changes no verdict: whatever goes wrong is a sentence in the
// result. Tracing is on for these requests alone.
func (h *hunt) nameSites(ctx context.Context) error {
	if h.plan.Scenario.Sites == scenarios.SitesOff {
		return nil
	}
	var culprits []*track
	for _, t := range h.tracks {
		if j, _, _ := h.judge(t); (j.Label == verdict.Leak || h.forced(t)) && !t.broken {
			culprits = append(culprits, t)
		}
	}
	if len(culprits) == 0 {
		return nil
	}
	tracer, ok := h.counter.(Tracer)
	if j, both := tracer.(tracedJoin); both {
		tracer = j.Tracer // with what else it can do
	}
	culprits = slices.DeleteFunc(culprits, func(t *track) bool {
		if !ok {
			t.sitesNote = sentence(h.untraceable())
		} else {
			t.sitesNote = sentence(h.crowded(t))
		}
		return t.sitesNote != ""
	})
	if len(culprits) == 0 {
		return nil
	}
	h.progress.phase = "naming lines"
	h.progress.expected = h.total + controlRequests + len(culprits)*(siteRequests+callerRequests)
	if h.plan.Scenario.Sites == scenarios.SitesRetainers {
		h.progress.expected += len(culprits) * holderRequests
	}
	var control []runtimes.Site
	err := h.costed(ctx, culprits[0], func() (err error) {
		control, err = h.control(ctx, tracer)
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range culprits {
		if err := h.costed(ctx, t, func() error { return h.sitesOf(ctx, tracer, t, control) }); err != nil {
			return err
		}
		t.sitesNote = sentence(t.sitesNote + "; " + costNote(t.pass))
	}
	return nil
}

// forced is whether the user wants this URI's sites whatever its verdict.
func (h *hunt) forced(t *track) bool {
	return slices.ContainsFunc(h.opt.SitesFor, func(glob string) bool { return scenarios.Match(glob, t.Name) })
}

// tracingRSS is what tracing may take for itself, in bytes: measured, at most
// 13 MiB (the JVM's flight recorder), and no more with two million live objects.
const tracingRSS = 32 << 20

// crowded says that the pass for t would need more memory than limits.rss
// leaves, "" where it would not.
func (h *hunt) crowded(t *track) string {
	limit := h.plan.Scenario.Limits.RSS
	rss, err := h.meter.RSS()
	if limit <= 0 || err != nil { // the next request finds out what became of the process
		return ""
	}
	j, _, _ := h.judge(t)
	need := tracingRSS + int64(max(0, j.High))*(controlRequests+siteRequests+callerRequests)
	if left := limit - rss; need > left {
		return fmt.Sprintf("no lines named: tracing may need %s, and limits.rss leaves %s",
			units.Bytes(float64(need)), units.Bytes(float64(max(0, left))))
	}
	return ""
}

// untraceable says why no line can be named in this process.
func (h *hunt) untraceable() string {
	if better := h.better(); better != "" {
		return better + " would name the lines"
	}
	return "nothing in this process can name the lines"
}

// sitesOf names the lines of t.
func (h *hunt) sitesOf(ctx context.Context, tracer Tracer, t *track, control []runtimes.Site) error {
	j, _, _ := h.judge(t)
	sites, err := h.trace(ctx, tracer, t, siteRequests)
	if err != nil {
		return h.unnamed(ctx, t, err)
	}
	ranked, explained := runtimes.Rank(sites, control, siteRequests, j.Growth)
	t.sitesNote = "nothing that was made in this pass stayed alive"
	if n := len(ranked); n > 0 && j.Growth > 0 {
		t.sitesNote = fmt.Sprintf("%s %.0f %% of %s", these(n), 100*explained, units.Rate(j.Growth))
	} else if n > 0 {
		t.sitesNote = "what survived the pass"
	}
	if r, ok := tracer.(remarker); ok && r.Remark() != "" {
		t.sitesNote += " (" + r.Remark() + ")"
	}
	switch j.Label {
	case verdict.Leak:
	case verdict.Inconclusive:
		t.sitesNote += "; traced because it was asked for, and no culprit is proven"
	default:
		t.sitesNote = fmt.Sprintf("traced because it was asked for; it is %s, so none of its sites is a culprit", j.Label)
		return nil
	}
	if c, ok := tracer.(callerTracer); ok && len(ranked) > 0 {
		called, err := h.callers(ctx, c, t, ranked)
		if err = h.unlessLost(ctx, err); ends(ctx, err) {
			return err
		}
		if err != nil {
			t.sitesNote += fmt.Sprintf(" (who calls them is not known: %v)", err)
		} else {
			ranked = called
		}
	}
	t.sites = runtimes.Local(ranked, h.dir)
	if h.plan.Scenario.Sites == scenarios.SitesRetainers && len(ranked) > 0 {
		held, err := h.holders(ctx, tracer, t, ranked)
		if err != nil {
			return err
		}
		t.sites = runtimes.Local(held, h.dir)
	}
	return nil
}

func these(lines int) string {
	if lines == 1 {
		return "this line explains"
	}
	return fmt.Sprintf("these %d lines explain", lines)
}

// costNote is the cost of the pass in words.
func costNote(p *SitesPass) string {
	return fmt.Sprintf("the pass took %s, %s s, and up to %s more RSS", units.Quantity(float64(p.Requests), "more requests"),
		units.Number(p.Seconds), units.Bytes(float64(p.PeakExtraRSS)))
}

// unnamed keeps the reason why a URI has no sites. An error that it returns
// ends the run.
func (h *hunt) unnamed(ctx context.Context, t *track, err error) error {
	if err = h.unlessLost(ctx, err); ends(ctx, err) {
		return err
	}
	t.sitesNote = "no lines named: " + err.Error()
	return nil
}

// ends says that an error ends the run: an interrupt, or the loss of the
// process. A limit that the pass reaches ends the pass alone, for all that is
// judged has been measured.
func ends(ctx context.Context, err error) bool {
	var halt *stop
	return ctx.Err() != nil || errors.As(err, &halt) && halt.err != nil
}
