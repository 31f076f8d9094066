//go:build live

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/harness/runtimes"
	"leakhunt/harness/target/targettest"
	"leakhunt/harness/verdict"
)

// A server that others have started with the agent is asked through it, though
// the scenario says nothing of it; without the agent, what would tell more is
// named.
func TestAgentIsFound(t *testing.T) {
	t.Parallel()
	bin, dir := build(t), targettest.AppDir(t)
	source, err := runtimes.Source("node")
	if err != nil {
		t.Fatal(err)
	}
	targettest.WriteFile(t, filepath.Join(dir, "agent.js"), source)
	sockets := filepath.Join(dir, "agent")
	if err := os.Mkdir(sockets, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env      []string
		evidence string
		label    verdict.Label
		better   string
	}{
		"with it":    {[]string{runtimes.AgentVar + "=" + sockets, "NODE_OPTIONS=--require " + dir + "/agent.js"}, "live bytes", verdict.Leak, ""},
		"without it": {nil, "rss", verdict.Inconclusive, "V8's inspector (runtime: {node: {}}, nothing is restarted) or the agent (two lines: leakhunt agent node)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := "127.0.0.1:" + targettest.FreePort(t)
			_, port, _ := strings.Cut(at, ":")
			targettest.Start(t, dir, append(c.env, "PORT="+port), "node", "app.js")
			targettest.Await(t, "tcp", at)
			file := filepath.Join(t.TempDir(), "x.yaml")
			targettest.WriteFile(t, file, "version: 1\ntarget: {url: http://"+at+"}\nrequests: 250\nsites: off\nuris: ['/leak?bytes=2048', /clean]\n")
			r := hunt(t, bin, "run", file, "-o", "json", "-q")
			u := r.URIs[slices.IndexFunc(r.URIs, func(u result.URI) bool { return u.URI != "/clean" })]
			if u.Verdict != c.label || !slices.Contains(u.Evidence, c.evidence) || u.Better != c.better {
				t.Errorf("%s by %v, better %q: %s", u.Verdict, u.Evidence, u.Better, u.Why)
			}
		})
	}
}
