package runtimes

import (
	"context"
	"fmt"
	"slices"

	"leakhunt/harness/fault"
	"leakhunt/harness/heap"
)

// Route is one that the framework inside the process answers to. Its texts are the
// application's: make them printable before they are shown.
type Route struct {
	Framework string `json:"framework"` // "rails", "sinatra", "flask", "django", "fastapi", "bottle", "express", "fastify"
	Method    string `json:"method"`    // "" where any is taken; "GET|POST" of Rails
	Path      string `json:"path"`      // as the framework writes it; "" where it does not tell
	Function  string `json:"function"`  // what handles it, "" where not known
	File      string `json:"file"`      // where that begins, "" where not known
	Line      int    `json:"line"`
}

// At is the place of what handles the route, FILE:LINE, "" where it is not known.
func (r *Route) At() string {
	if r.File == "" || r.Line < 1 {
		return ""
	}
	return fmt.Sprintf("%s:%d", r.File, r.Line)
}

// maxRoutes and longRoute bound what an agent may answer: the agents hold to the
// first, and to 1,000 characters.
const (
	maxRoutes = 5000
	longRoute = 8 << 10 // bytes, of all texts of one
)

// Routes asks the process what its framework answers to, in the order in which the
// framework has them. There may be none: it has another framework.
func (a *Agent) Routes(ctx context.Context) ([]Route, error) {
	ans, err := a.ask(ctx, "routes")
	if err != nil {
		return nil, older(err)
	}
	if len(ans.Routes) > maxRoutes {
		return nil, fault.Measuref("the agent names %d routes, and %d are the most that are read", len(ans.Routes), maxRoutes).WithHint("%s", anew)
	}
	for i := range ans.Routes {
		r := &ans.Routes[i]
		if len(r.Framework)+len(r.Method)+len(r.Path)+len(r.Function)+len(r.File) > longRoute {
			return nil, fault.Measuref("the agent names a route of more than %d KiB: %q", longRoute>>10, short(r.Path)).WithHint("%s", anew)
		}
		r.File = heap.SourceFile(r.File)
	}
	return slices.Clip(ans.Routes), nil
}
