package harness

import (
	"slices"

	"leakhunt/harness/runtimes"
	"leakhunt/harness/verdict"
)

// pace says how many requests a URI gets in its next block, and when it has
// had enough. There are two: by RSS alone a URI needs thousands of requests
// in blocks that double; with garbage collected before each reading a few
// equal blocks tell.
type pace interface {
	next(t *track, round int) int
	look(t *track)
	ahead(t *track, round int) int
}

func (h *hunt) pace() pace {
	if h.counter != nil {
		return settledPace{h}
	}
	return rssPace{h}
}

// maxAuto is where the search of RSS alone for late growth ends, per URI.
const maxAuto = 4096

// rssPace follows the sequential late-growth test.
type rssPace struct{ h *hunt }

func (p rssPace) next(t *track, round int) int {
	if !t.Requests.Auto {
		return nth(Blocks(t.Requests.N, p.h.plan.Scenario.Rounds, true), round)
	}
	if t.late == nil {
		t.late = verdict.NewLate(p.h.params(t))
	}
	return t.late.Next() - t.requests()
}

func (p rssPace) look(t *track) {
	if !t.Requests.Auto {
		return
	}
	mem := t.joined(nil)
	j, _ := t.late.Look(mem)
	// Whoever may leak is tried again alone and in a row, while nobody else
	// leaks beside it; until then it is in quarantine. The slack that a floor
	// must hold grows with the process, so the floor is that of now.
	t.slope, t.seen = t.late.Suspicion()
	last := len(mem) >= maxAuto
	now := verdict.Recorded(mem, p.h.params(t))
	if j.Label == verdict.Leak || last && j.Low > 0 {
		t.slope, t.seen = j.Growth, len(mem)
	} else if last && now.Label == verdict.Leak { // all of it shows what its end did not
		t.slope, t.seen = now.Growth, len(mem)
	}
	w, heard := p.h.touched(t)
	if heard && t.seen == 0 && w.Label == verdict.Leak {
		t.slope, t.seen = w.Growth, confirmLeast/4
	}
	silent := p.h.witness() != nil && (!heard || w.Requests < witnessClears)
	t.suspect = t.seen > 0
	flat := now.Label == verdict.Stable || now.Label == verdict.Bloat || now.Label == verdict.Warmup
	t.done = t.suspect || last || flat && !silent
}

func (p rssPace) ahead(t *track, round int) int {
	if t.Requests.Auto {
		return max(0, maxAuto-t.requests())
	}
	return max(0, t.Requests.N-t.requests())
}

// A few blocks settle that an exact counter grows; whether it goes on is
// another question, which needs the horizon.
const (
	settledBlock   = 50
	settledRounds  = 5
	settledHorizon = 2048
	// settledLast is the last block before the horizon: short, so that a cache that
	// is full shortly before it shows.
	settledLast = 100
)

// settledPace reads counters at block edges.
type settledPace struct{ h *hunt }

func (p settledPace) next(t *track, round int) int {
	if !t.Requests.Auto {
		blocks := Blocks(t.Requests.N, p.h.plan.Scenario.Rounds, false)
		if slices.ContainsFunc(p.h.counter.Columns(), func(c runtimes.Column) bool { return c.Exact }) {
			uneven(blocks)
		}
		return nth(blocks, round)
	}
	if round <= settledRounds {
		return settledBlock
	}
	// What grows is followed to the horizon in a few larger blocks, and what cannot
	// be told by then once as far again.
	left := settledHorizon - t.counted()
	if left <= 0 {
		if j, _ := p.h.settled(t); j.More > 0 {
			left += settledHorizon
		}
	}
	if left <= settledLast {
		return left
	}
	return min(left-settledLast, (settledHorizon-settledLast-settledBlock*settledRounds)/settledRounds+1)
}

// uneven makes equal blocks longer and shorter in turn, by a fifth, a seventh and so
// on, and their sum the same. A cache that is emptied by a part whenever it is full
// (Django's, by a third of 300) would grow evenly, looked at in equal steps, and few
// of them convict by an exact counter. Any other is judged by a line through many,
// which asks for equal ones.
func uneven(blocks []int) {
	for i := 0; i+1 < len(blocks); i += 2 {
		d := blocks[i] / (5 + i)
		blocks[i], blocks[i+1] = blocks[i]+d, blocks[i+1]-d
	}
}

func (p settledPace) look(t *track) {
	if !t.Requests.Auto || len(t.blocks) < settledRounds {
		return
	}
	j, _ := p.h.settled(t)
	t.done = j.Label != verdict.Inconclusive
}

func (p settledPace) ahead(t *track, round int) int {
	if !t.Requests.Auto {
		return max(0, t.Requests.N-t.requests())
	}
	if round < settledRounds {
		return settledBlock * (settledRounds - round)
	}
	return max(0, settledHorizon-t.counted())
}

// nth is the size of the block of a round, counted from 1; 0 after the last.
func nth(blocks []int, round int) int {
	if round > len(blocks) {
		return 0
	}
	return blocks[round-1]
}
