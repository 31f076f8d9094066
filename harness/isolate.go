package harness

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"leakhunt/harness/load"
	"leakhunt/harness/verdict"
)

// A URI that shares a process as it comes is hard to tell: its leak fills what
// its neighbours left free, and an innocent grows into the room that they made.
// By itself on a fresh process there is neither.

const (
	// isolateFloor, in bytes per request: what is excluded down to it needs no
	// process of its own.
	isolateFloor = 1 << 10
	// isolateLeast and isolateMost are how many requests such a trial takes, mostly
	// and at most.
	isolateLeast = burnInAlone + confirmMost
	isolateMost  = burnInAlone + maxAuto + confirmFar
	// isolateTime is how long isolateLeast requests may take.
	isolateTime = time.Minute
)

// isolate hunts each URI of which RSS alone could not tell enough once more, by
// itself on a fresh process, where the process was started for the run. That is
// the last thing that a run does: whatever goes wrong with it is a warning, and
// what was found before stands.
func (h *hunt) isolate(ctx context.Context) error {
	again, ok := h.pinned.(Restarter)
	if !ok || h.pinned.Info().Kind != "command" || h.counter != nil || h.tight() || len(h.tracks) == 1 {
		return nil
	}
	open := slices.DeleteFunc(slices.Clone(h.tracks), func(t *track) bool { return !h.undecided(t) })
	h.kept, h.tracks = h.standing(), nil
	for i, t := range open {
		if l := h.plan.Scenario.Limits.Time; l > 0 && !t.quick(isolateMost, l-time.Since(h.began)-h.starting) {
			continue
		}
		h.progress.part = fmt.Sprintf("by itself, %d of %d: ", i+1, len(open))
		h.progress.later = (len(open) - i - 1) * isolateLeast
		err := h.byItself(ctx, again, t)
		var halt *stop
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &halt) && halt.err == nil: // a limit, which the others may not reach
		case err != nil:
			h.warnings.add("not-isolated", "%s, and what comes after it, could not be tried by itself on a fresh process: %v", t.Name, err)
			return nil
		}
	}
	return nil
}

// undecided says that a process of its own may tell more of t.
func (h *hunt) undecided(t *track) bool {
	if t.broken || !t.Requests.Auto || !t.quick(isolateLeast, isolateTime) {
		return false
	}
	switch j, _, _ := h.judge(t); j.Label {
	case verdict.Leak, verdict.Failed:
		return false
	case verdict.Inconclusive:
		return true
	default:
		return j.Detectable > isolateFloor
	}
}

// byItself runs the whole hunt for one URI that shared its process before.
func (h *hunt) byItself(ctx context.Context, again Restarter, shared *track) error {
	i := slices.IndexFunc(h.kept, func(u URIResult) bool { return u.Name == shared.Name })
	alone := &track{Item: shared.Item, sent: shared.sent, among: &among{h.kept[i], shared.answers}}
	h.kept, h.tracks = slices.Delete(h.kept, i, i+1), []*track{alone}
	defer func() { h.kept, h.tracks = h.standing(), nil }()

	h.observer.Note(shared.Name + " is tried by itself on a fresh process")
	plan := *h.plan
	plan.Items = []Item{shared.Item}
	h.plan = &plan
	if err := h.restart(ctx, again); err != nil {
		return err
	}
	if err := h.begin(ctx); err != nil {
		return err
	}
	return h.examine(ctx)
}

// among is what was found of a URI among the others, and how it answered there.
type among struct {
	URIResult
	answers answers
}

// then is the result once the URI was tried by itself too, with result u: the
// one that tells more.
func (a *among) then(u URIResult, now answers) URIResult {
	before := a.URIResult
	less := u.Verdict == verdict.Inconclusive && (before.Verdict != verdict.Inconclusive || u.Detectable >= before.Detectable)
	switch {
	case u.Requests == 0:
		return before
	case !now.like(a.answers):
		before.Why += " By itself on a fresh process it answered otherwise, so that this says nothing of it."
		return before
	case less || u.Verdict == verdict.Failed:
		before.Why += " By itself on a fresh process it could not be told either."
		return before
	}
	u.Why += " It was tried by itself on a fresh process, for among the others less could be told."
	u.Series = slices.Concat(before.Series, later(u.Series, before.Series))
	u.Requests += before.Requests
	u.Errors += before.Errors
	u.RSSPeak = max(u.RSSPeak, before.RSSPeak)
	if before.FirstError != "" {
		u.FirstError = before.FirstError
	}
	return u
}

// later are the points of a process of its own that came after others.
func later(points, after []Point) []Point {
	if len(after) == 0 || len(points) == 0 {
		return points
	}
	last := after[len(after)-1]
	for i := range points {
		points[i].Requests += last.Requests
		points[i].Round += last.Round
		points[i].Alone = true
	}
	points[0].Fresh = true
	return points
}

// answers are what a URI answered as expected: by themselves many URIs answer
// otherwise, without a session or what a neighbour has made, and a page that
// only says so leaks nothing.
type answers struct {
	status map[int]int
	bytes  int64
	n      int
}

func (a *answers) add(r load.Result) {
	if a.status == nil {
		a.status = map[int]int{}
	}
	a.status[r.Status]++
	a.bytes += r.Bytes
	a.n++
}

// like says that both are mostly of one status, and about as long.
func (a answers) like(b answers) bool {
	const room = 64 // bytes: a counter in a page may be longer
	x, y := a.mean(), b.mean()
	return a.usual() == b.usual() && x <= 2*y+room && y <= 2*x+room
}

func (a answers) mean() float64 { return float64(a.bytes) / float64(max(1, a.n)) }

// usual is the status of most answers.
func (a answers) usual() (status int) {
	for s, n := range a.status {
		if n > a.status[status] || n == a.status[status] && s < status {
			status = s
		}
	}
	return status
}
