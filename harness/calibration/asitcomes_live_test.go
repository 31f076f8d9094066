//go:build live

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/result"
)

// asItComes is the result of two routes, an innocent and a leak of 4 KiB, of one
// runtime's application by RSS alone, as it comes.
func asItComes(t *testing.T, program, runtime, env, innocent string) *result.Result {
	t.Helper()
	app := applications[slices.IndexFunc(applications, func(a application) bool { return a.runtime == runtime })]
	dir := t.TempDir()
	if err := app.install(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return hunted(t, program, dir, fmt.Sprintf(`version: 1
name: shop
target: {command: [%s], dir: %q, tighten: false, env: {%s}, ready: {uri: /clean}}
runtime: none
uris: [%s, /leak4k]
`, strings.Join(app.command, ", "), dir, env, innocent))
}

// In Node a leak among garbage fills what that leaves free, and shows on a
// process of its own.
func TestByItself(t *testing.T) {
	t.Parallel()
	res := asItComes(t, leakhunt(t), "node", "", "/garbage")
	accuses(t, res, "/leak4k")
	if res.Target.Restarts == 0 || len(res.Target.RestartedAt) != res.Target.Restarts || len(res.Warnings) > 0 {
		t.Errorf("%d restarts at %v, warnings %+v", res.Target.Restarts, res.Target.RestartedAt, res.Warnings)
	}
	t.Logf("%d requests in all, %.0f s", res.RequestsTotal, res.DurationS)
}

// A Go program that never collects by itself grows by all that it ever makes.
func TestTold(t *testing.T) {
	t.Parallel()
	res := asItComes(t, leakhunt(t), "go", `GOGC: "off", GOMEMLIMIT: 1500MiB`, "/clean")
	accuses(t, res)
	for _, u := range res.URIs {
		if !strings.Contains(u.Why, "GOGC=off lets garbage fill memory") {
			t.Errorf("%s: %s", u.URI, u.Why)
		}
	}
	t.Logf("%d requests in all, %.0f s", res.RequestsTotal, res.DurationS)
}
