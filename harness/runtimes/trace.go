package runtimes

import (
	"context"
	"fmt"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/heap"
)

// StartTrace switches allocation tracing on in the process.
func (a *Agent) StartTrace(ctx context.Context) error { return a.startTrace(ctx, "trace on") }

func (a *Agent) startTrace(ctx context.Context, command string) error {
	ans, err := a.ask(ctx, command)
	if err != nil {
		return err
	}
	if !ans.Tracing {
		return fault.Measuref("the agent did not switch tracing on")
	}
	return nil
}

// StopTrace switches tracing off, whatever happens, and returns the sites of
// what was made since StartTrace and is alive after three full collections.
// Objects and bytes are totals. On an error the connection is closed, and an
// agent whose connection closes stops tracing.
func (a *Agent) StopTrace(ctx context.Context) ([]Site, error) {
	ans, err := a.ask(ctx, "trace off")
	if err != nil {
		_ = a.Close()
		return nil, err
	}
	if a.remark = ""; ans.Runtime == "node" {
		a.remark = "V8 tells the lines where functions begin"
	}
	sites := make([]Site, 0, len(ans.Sites))
	for _, raw := range ans.Sites {
		sites = append(sites, raw.site())
	}
	return sites, nil
}

// Remark is what a reader should know of the last pass's sites; "" for nothing.
func (a *Agent) Remark() string { return a.remark }

// StartCallers begins a short second pass for a runtime whose tracer knows only
// the innermost frame (Ruby): it notes who calls the given sites. ok is false,
// and nothing was switched on, where there is no need. The pass ends with
// StopCallers; about 20 requests are enough, each several times slower.
func (a *Agent) StartCallers(ctx context.Context, sites []Site) (ok bool, err error) {
	command := "trace on"
	for _, s := range sites {
		if users(s.File) || len(s.Stack) > 0 || s.Line < 1 || strings.ContainsAny(s.File, "\t\n") {
			continue
		}
		method := s.Function[strings.LastIndex(s.Function, "#")+1:]
		line := fmt.Sprintf("\t%d:%s:%s", s.Line, strings.ReplaceAll(method, ":", ""), s.File)
		if len(command)+len(line) < 60_000 {
			command += line
			ok = true
		}
	}
	if !ok {
		return false, nil
	}
	return true, a.startTrace(ctx, command)
}

// StopCallers ends the pass, and returns sites with Caller and Stack filled in
// where the pass saw them: the most frequent stack of each.
func (a *Agent) StopCallers(ctx context.Context, sites []Site) ([]Site, error) {
	found, err := a.StopTrace(ctx)
	if err != nil {
		return sites, err
	}
	out := append([]Site(nil), sites...)
	for i := range out {
		for _, f := range found {
			if f.File == out[i].File && f.Line == out[i].Line && out[i].Caller == "" && f.Caller != "" {
				out[i].Caller, out[i].Stack = f.Caller, f.Stack
			}
		}
	}
	return out, nil
}

// site names the frames and their owners.
func (r rawSite) site() Site {
	s := Site{
		File: heap.SourceFile(r.File), Line: r.Line, Function: r.Function, Type: r.Type,
		ObjectsPerRequest: r.Objects, BytesPerRequest: r.Bytes,
	}
	s.Owner = Owner(s.File)
	for _, f := range r.Stack {
		f.File = heap.SourceFile(f.File)
		s.Stack = append(s.Stack, f.String())
		if s.Caller == "" && !users(s.File) && users(f.File) {
			s.Caller = f.String()
		}
	}
	return s
}

// users says that a file is one of the user's own: evaluated code is in none.
func users(file string) bool { return Owner(file) == OwnerApp && !Evaluated(file) }

// String is "file:line function".
func (f frame) String() string {
	text := fmt.Sprintf("%s:%d", f.File, f.Line)
	if f.Function != "" {
		text += " " + f.Function
	}
	return text
}
