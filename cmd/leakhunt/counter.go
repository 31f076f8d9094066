package main

import (
	"context"
	"fmt"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/runtimes"
	"leakhunt/scenarios"
)

type openCounter = func(context.Context, harness.Pinned, *load.Client) (harness.Counter, error)

// counter opens what the scenario's runtime: asks for. What is found by itself
// is a gain where it is there, and no loss where it is not: RSS alone judges
// then. What was asked for by name must be there.
func (a *app) counter(sc *scenarios.Scenario, agentDir string) openCounter {
	return func(ctx context.Context, p harness.Pinned, c *load.Client) (harness.Counter, error) {
		switch rt := sc.Runtime; rt.Kind {
		case "none":
			return nil, nil
		case "auto":
			return a.found(ctx, p, c, agentDir), nil
		case "agent":
			return runtimes.Dial(ctx, rt.Socket, p.Process().PID)
		case "go":
			return runtimes.NewPprof(ctx, fetch(c), rt.Pprof)
		default:
			return nil, fault.Usagef("runtime %s is not supported yet", rt.Kind)
		}
	}
}

// found is the counter that this process has by itself, nil without one.
func (a *app) found(ctx context.Context, p harness.Pinned, c *load.Client, agentDir string) harness.Counter {
	switch p.Info().Runtime {
	case "ruby", "node", "python":
		if agentDir == "" {
			return nil
		}
		agent, err := runtimes.Dial(ctx, agentDir, p.Process().PID)
		if err == nil {
			return agent
		}
		a.note("no agent in the process, so RSS alone judges: %v", err)
	case "go":
		if pprof, err := runtimes.NewPprof(ctx, fetch(c), ""); err == nil {
			return pprof
		}
	}
	return nil
}

func (a *app) note(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, format+"\n", args...)
	}
}

// fetch gets a path of the pinned process over the load's own connection, so
// that it is this process which answers.
func fetch(c *load.Client) runtimes.Fetch {
	return func(ctx context.Context, path string) ([]byte, error) {
		t, err := load.Compile(load.Spec{Method: "GET", URI: path, KeepBody: true})
		if err != nil {
			return nil, err
		}
		res := c.Do(ctx, t, load.Values{})
		switch {
		case res.Err != nil:
			return nil, res.Err
		case res.Failure != "":
			return nil, fault.Measuref("GET %s: %s", path, res.Failure)
		}
		return res.Body, nil
	}
}
