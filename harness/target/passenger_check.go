package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/harness/target/passenger"
)

const (
	// commandEvery is how often a status command is run while a run lasts: it
	// takes 100 ms and more, where the core answers in one or two.
	commandEvery = 10 * time.Second
	// successorLimit is how long the pool may take to say who comes after a
	// process that has ended.
	successorLimit = time.Second
	// endLimit bounds the wait for a detached process: it ends with its last
	// request.
	endLimit = 60 * time.Second
)

// Check implements Pinned.
func (p *passengerPinned) Check(ctx context.Context, conn net.Conn) error {
	if err := p.id.Check(); err != nil {
		return p.lost(ctx, err)
	}
	if err := p.inPool(ctx); err != nil {
		return err
	}
	return p.pinned.Check(ctx, conn)
}

// inPool asks whether the pool still has the process.
func (p *passengerPinned) inPool(ctx context.Context) error {
	byCommand := len(p.target.want.StatusCommand) > 0
	if byCommand && time.Since(p.looked) < commandEvery {
		return nil
	}
	p.looked = time.Now()
	now, err := p.again(ctx)
	if err != nil {
		return p.silent(ctx, err)
	}
	_, process := now.Find(p.id.PID)
	switch {
	case process == nil, name(process) != name(&p.process):
		return p.replaced(&now, "it is no longer in the pool")
	case process.Enabled == passenger.Detached, process.Life != "" && process.Life != "ALIVE":
		return p.replaced(&now, "it is shutting down")
	}
	return nil
}

// again reads the instance anew.
func (p *passengerPinned) again(ctx context.Context) (passenger.Instance, error) {
	if argv := p.target.want.StatusCommand; len(argv) > 0 {
		return passenger.FromCommand(ctx, argv)
	}
	now := p.instance
	err := now.Refresh(ctx)
	return now, err
}

// silent is what an instance that does not answer means for its process.
func (p *passengerPinned) silent(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if gone := p.id.Check(); gone != nil {
		return p.lost(ctx, gone)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return nil // busy, which says nothing about the process
	}
	return fault.Measuref("the Passenger instance %s of the pinned process (pid %d) no longer answers", p.instance.Name, p.id.PID).Because(err).
		WithHint("Was the web server restarted? That replaces every application process.")
}

// replaced says that the pool has given the process up, which still runs.
func (p *passengerPinned) replaced(now *passenger.Instance, how string) error {
	return fault.Measuref("the pinned process (pid %d) was replaced by Passenger: %s%s", p.id.PID, how, p.successor(now)).
		WithHint("A deployment or restart.txt does that, an idle timeout, or a limit. %s", p.keep())
}

// keep is a sentence that says how a process lives as long as the run.
func (p *passengerPinned) keep() string { return Identity{Server: p.info.Server}.lasting() }

// successor is a clause that names the processes that the application did not
// have when this one was pinned, or "".
func (p *passengerPinned) successor(now *passenger.Instance) string {
	var fresh []string
	for _, app := range now.Apps {
		for i := range app.Processes {
			if q := &app.Processes[i]; app.Name == p.app.Name && q.Ready() && !slices.Contains(p.beside, name(q)) {
				fresh = append(fresh, fmt.Sprintf("pid %d", q.PID))
			}
		}
	}
	if len(fresh) == 0 {
		return ""
	}
	return "; " + strings.Join(fresh, ", ") + " of " + p.app.Name + " runs in its place"
}

// lost says what became of a process that has ended.
func (p *passengerPinned) lost(ctx context.Context, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	text := ended(p.id, cause)
	if text == "" {
		return fault.Measuref("cannot tell whether pid %d still runs", p.id.PID).Because(cause)
	}
	ctx, cancel := context.WithTimeout(ctx, successorLimit)
	defer cancel()
	if now, err := p.again(ctx); err == nil {
		text += p.successor(&now)
	}
	return fault.Measuref("%s", text).
		WithHint("Look into the application's log and the web server's; what was measured until then is kept. %s", p.keep())
}

// Restart implements Restarter: it takes the process out of the pool, which
// starts another one. Where the process is lost already, a Standalone that was
// started for the run is started anew.
func (p *passengerPinned) Restart(ctx context.Context) error {
	if p.child != nil && p.Check(ctx, nil) != nil {
		p.info.Restarts++
		return errors.Join(p.Close(), p.begin(ctx))
	}
	if len(p.target.want.StatusCommand) > 0 {
		return fault.Measuref("a fresh process cannot be had through status_command, which only reads").
			WithHint("Run leakhunt as root, without status_command, or without isolate.")
	}
	err := p.instance.Detach(ctx, p.id.PID)
	switch {
	case errors.Is(err, passenger.ErrDenied):
		return fault.Measuref("not allowed to detach pid %d for a fresh process", p.id.PID).Because(err).
			WithHint("Run leakhunt as root, or without isolate.")
	case err != nil:
		if gone := p.id.Check(); gone != nil {
			return p.lost(ctx, gone)
		}
		return fault.Measuref("Passenger did not detach pid %d", p.id.PID).Because(err)
	}
	if err := awaitEnd(ctx, p.id); err != nil {
		return err
	}
	fresh, err := p.await(ctx, p.beside)
	if err != nil {
		return err
	}
	p.info.Restarts++
	return p.use(ctx, fresh)
}

// awaitEnd waits until a process has ended.
func awaitEnd(ctx context.Context, id proc.ID) error {
	ctx, cancel := context.WithTimeout(ctx, endLimit)
	defer cancel()
	for id.Check() == nil {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fault.Measuref("pid %d was detached, and does not end", id.PID).
				WithHint("It ends with its last request: end other clients of it.")
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// ended says how a process ended, "" where that is not what cause means.
func ended(id proc.ID, cause error) string {
	switch {
	case errors.Is(cause, proc.ErrZombie):
		return fmt.Sprintf("the pinned process (pid %d) has ended; its parent has not noticed (zombie)", id.PID)
	case errors.Is(cause, proc.ErrReplaced):
		return fmt.Sprintf("the pinned process has ended, and its pid %d was given to another", id.PID)
	case errors.Is(cause, proc.ErrGone):
		return fmt.Sprintf("the pinned process (pid %d) has ended", id.PID)
	}
	return ""
}
