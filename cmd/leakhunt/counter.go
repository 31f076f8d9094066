package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/session"
	"leakhunt/scenarios"
)

type openCounter = func(context.Context, session.Pinned, *load.Client) (session.Counter, error)

// counter opens what the scenario's runtime:, settle: and probes: ask for.
func (a *app) counter(sc *scenarios.Scenario, agents string) openCounter {
	return func(ctx context.Context, p session.Pinned, c *load.Client) (session.Counter, error) {
		get := fetch(c, sc.Timeout)
		counter, err := runtimeCounter(ctx, sc.Runtime, p, get, agents)
		var without *session.Without
		if err != nil && !errors.As(err, &without) || sc.Settle == nil && len(sc.Probes) == 0 {
			return counter, err
		}
		hooks, failed := runtimes.NewHooks(ctx, sc.Settle, sc.Probes, get, p.Process().PID, sc.Timeout)
		if failed != nil {
			if counter != nil {
				_ = counter.Close() // the hook's failure is what matters
			}
			return nil, failed
		}
		return session.Join(hooks, counter), err
	}
}

// runtimeCounter is the runtime's own counter. What is found by itself is a
// gain where it is there, and no loss where it is not: RSS judges then.
// What was asked for by name must be there.
func runtimeCounter(ctx context.Context, rt scenarios.Runtime, p session.Pinned, get runtimes.Fetch, agents string) (session.Counter, error) {
	pid := p.Process().PID
	switch rt.Kind {
	case "none":
		return nil, nil
	case "agent":
		return counted(runtimes.Dial(ctx, rt.Socket, pid))
	case "node":
		return counted(runtimes.DialInspector(ctx, pid))
	case "puma":
		return counted(runtimes.NewPuma(ctx, rt.ControlURL, rt.Token, pid))
	case "go":
		return counted(runtimes.NewPprof(ctx, get, rt.Pprof))
	case "jvm":
		return counted(runtimes.NewJVM(ctx, pid))
	}
	var found session.Counter
	var err error
	if agents == "" { // the process may have been started with one
		agents = runtimes.AgentFolder(pid)
	}
	switch runtime := p.Info().Runtime; {
	case agents != "" && (runtime == "ruby" || runtime == "node" || runtime == "python"):
		found, err = counted(runtimes.Dial(ctx, agents, pid))
	case runtime == "java":
		found, err = counted(runtimes.NewJVM(ctx, pid))
	case runtime == "go":
		// Most Go programs serve no profile: that is nothing to tell.
		found, _ = counted(runtimes.NewPprof(ctx, get, ""))
	}
	if err != nil {
		return nil, &session.Without{Err: err}
	}
	return found, nil
}

// counted keeps a nil pointer from becoming a Counter that is not nil.
func counted[C session.Counter](c C, err error) (session.Counter, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// note says something on stderr; where there is a live table, with its notes.
func (a *app) note(format string, args ...any) {
	if l := a.live.Load(); l != nil {
		l.Note(fmt.Sprintf(format, args...))
	} else if !a.quiet {
		fmt.Fprintf(a.stderr, format+"\n", args...)
	}
}

// fetch gets a path of the pinned process over the load's own connection, so
// that it is this process which answers.
func fetch(c *load.Client, timeout time.Duration) runtimes.Fetch {
	return func(ctx context.Context, path string, to io.Writer) error {
		t, err := load.Compile(load.Spec{Method: "GET", URI: path, To: to, Timeout: timeout})
		if err != nil {
			return err
		}
		res := c.Do(ctx, t, load.Values{})
		switch {
		case res.Err != nil:
			return res.Err
		case res.Failure != "":
			return fault.Measuref("GET %s: %s", path, res.Failure)
		case res.Status/100 != 2:
			return fault.Measuref("GET %s: status %d, expected 2xx", path, res.Status).
				WithHint("It is redirected; where it needs a login, add that as before:.")
		}
		return nil
	}
}
