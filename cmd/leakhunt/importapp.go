package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"leakhunt/harness/fault"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/session"
	"leakhunt/scenarios"
	"leakhunt/scenarios/imports"
)

// fromApp is the source that asks the application itself.
func fromApp() source {
	return source{
		name: "app", none: true, short: "URIs from the application's own routes, asked for through the agent",
		long: `Starts the command as run does, with leakhunt's agent, waits until it is ready, asks
its framework for its routes, and ends it. A process that runs already (--url,
--passenger) must carry the agent: leakhunt agent prints it. Rails, Sinatra, Flask,
Django, FastAPI (Starlette), Bottle, Express and Fastify are known; Go's routers keep
no list that could be asked. Beside each URI stands what handles it, with file and line.`,
		example: `  leakhunt import app --command 'puma -w 0 -t 1:1 -b tcp://127.0.0.1:${PORT}' -o shop.yaml
  leakhunt init --command 'gunicorn -w 1 -b 127.0.0.1:${PORT} shop:app' --from app`,
		flags: func(fl *pflag.FlagSet, f *importFlags) {
			fl.DurationVar(&f.ready, "ready-timeout", time.Minute, "how long a started command may take until it is ready, as target.ready.timeout")
		},
		read: func(a *app, ctx context.Context, _ []string, f *importFlags) (*imports.Found, error) {
			return a.importApp(ctx, f)
		},
	}
}

// importApp pins the target of the scenario to come, and asks it for its routes. What
// was started for it has ended when importApp returns.
func (a *app) importApp(ctx context.Context, f *importFlags) (found *imports.Found, err error) {
	if !f.target.Aimed() {
		return nil, fault.Usagef("import app needs an application").
			WithHint("Give --command with the line that starts it, or --url or --passenger where it runs with the agent.")
	}
	text, err := (&scenarios.First{Pin: f.target, URIs: []string{"/"}}).YAML()
	if err != nil {
		return nil, err
	}
	path := f.output // target.dir is told from its folder
	if path == "-" {
		path = ""
	}
	sc, err := scenarios.Parse(text, path, scenarios.Options{})
	if err != nil {
		return nil, err
	}
	if f.ready > 0 { // init has no such flag
		sc.Target.Ready.Timeout = f.ready
	}
	tgt, agents, done, err := a.openTarget(sc)
	if err != nil {
		return nil, err
	}
	defer done()
	p, err := tgt.Pin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	routes, err := askRoutes(ctx, p, agents)
	if err != nil {
		return nil, err
	}
	dir, _ := os.Readlink(fmt.Sprintf("/proc/%d/cwd", p.Process().PID)) // "": files are shown whole
	return imports.App(routes, dir, f.Options)
}

// askLimit is how long the agent may take: a Rails that loads what handles each route
// does so for seconds.
const askLimit = 2 * time.Minute

// askRoutes asks the agent inside a process for its routes.
func askRoutes(ctx context.Context, p session.Pinned, agents string) ([]imports.AppRoute, error) {
	pid := p.Process().PID
	switch runtime := p.Info().Runtime; runtime {
	case "ruby", "node", "python":
	case "go":
		return nil, fault.Measuref("pid %d is a Go program, whose routers keep no list that could be asked", pid).
			WithHint("An access log, an OpenAPI description, or leakhunt import crawl names its URIs.")
	default:
		return nil, fault.Measuref("pid %d runs on %s, for which there is no agent", pid, orUnknown(runtime)).
			WithHint("Agents exist for Ruby, Node and Python; an access log, or leakhunt import crawl, names the URIs of any other.")
	}
	if agents == "" {
		agents = runtimes.AgentFolder(pid)
	}
	if agents == "" {
		return nil, fault.Measuref("pid %d was started without the agent", pid).
			WithHint("Give --command, which starts it with the agent, or load it: leakhunt agent %s prints the lines.", p.Info().Runtime)
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	agent, err := runtimes.Dial(ctx, agents, pid)
	if err != nil {
		return nil, err
	}
	defer agent.Close()
	found, err := agent.Routes(ctx)
	if err != nil {
		return nil, err
	}
	routes := make([]imports.AppRoute, len(found))
	for i, r := range found {
		routes[i] = imports.AppRoute{Framework: r.Framework, Method: r.Method, Path: r.Path, Handler: r.Function, File: r.File, Line: r.Line}
	}
	return routes, nil
}

func orUnknown(runtime string) string {
	if runtime == "" {
		return "a runtime that is not known"
	}
	return runtime
}
