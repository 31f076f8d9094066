package target

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

const (
	// statusLimit is how long the exit status of a process that has just ended, or its
	// last output, may take to arrive. Either may never arrive: its own parent may have
	// asked for the status, and another process may hold the output open.
	statusLimit = 200 * time.Millisecond
	// reapedLimit is how long the status may take where the guard asks for it.
	reapedLimit = 5 * time.Second
	// afterLimit is how long a server may take to put another process in the
	// place of the one that ended.
	afterLimit = time.Second
)

// lost says what became of the pinned process, and who answers in its place.
func (p *pinned) lost(ctx context.Context, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	text := fmt.Sprintf("the pinned process (pid %d) has ended", p.id.PID)
	how, said := "", ""
	if p.child != nil {
		limit := statusLimit
		if p.parent == p.child.Guard {
			limit = reapedLimit
		}
		how, said = p.child.How(p.id.PID, limit), p.child.lastWords(statusLimit)
	}
	switch {
	case how != "":
		text += " " + how
	case errors.Is(cause, proc.ErrZombie):
		text += "; its parent has not asked how (zombie)"
	case errors.Is(cause, proc.ErrReplaced):
		text = fmt.Sprintf("the pinned process has ended, and its pid %d was given to another", p.id.PID)
	case !errors.Is(cause, proc.ErrGone):
		return fault.Measuref("cannot tell whether pid %d still runs", p.id.PID).Because(cause)
	}
	what := Identity{Server: p.info.Server, Runtime: p.info.Runtime}
	hint := "Look into the application's log; what was measured until then is kept."
	ctx, cancel := context.WithTimeout(ctx, afterLimit)
	defer cancel()
	if next, err := p.at.answers(ctx); err == nil {
		if parent, err := proc.Parent(next.PID); err == nil && parent == p.parent && next.Start > p.id.Start && slices.Contains(p.at.listeners(), parent) {
			text += fmt.Sprintf("; its master, pid %d, put pid %d in its place (recycled)", p.parent, next.PID)
		} else {
			text += fmt.Sprintf("; %s answers at %s in its place", describe(next.PID), p.at.url)
		}
		hint = what.lasting()
	}
	return fault.Measuref("%s%s", text, said).WithHint("%s", hint)
}

// moved says that the pinned process lives, and another one answers.
func (p *pinned) moved(ctx context.Context, id proc.ID) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	what := Identity{Server: p.info.Server, Runtime: p.info.Runtime}
	e := fault.Measuref("%s answers at %s now; the pinned process (pid %d) still runs", describe(id.PID), p.at.url, p.id.PID)
	if parent, err := proc.Parent(id.PID); err == nil && parent == p.parent && slices.Contains(p.at.listeners(), parent) {
		return e.WithHint("Both are workers of pid %d. %s", parent, what.single())
	}
	return e.WithHint("%s", what.lasting())
}
