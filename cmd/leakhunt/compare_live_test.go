//go:build live

package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/report"
)

// pairCount is how many pairs of runs of the same application are compared, for
// each application; half as many get a leak in between.
var pairCount = flag.Int("pairs", 2, "pairs of runs that are compared, for each application")

const extraLeak = 4 << 10 // bytes a request

// TestComparePairs compares live runs: two of the same clean application are
// no regression, and a page that keeps 4 KiB more with every request is one,
// every time, and that page alone.
func TestComparePairs(t *testing.T) {
	t.Parallel()
	bin := build(t)
	shop, err := filepath.Abs("testdata/shop/shop.py")
	if err != nil {
		t.Fatal(err)
	}
	python := func(leaks ...string) []string { return append([]string{"/usr/bin/python3", shop}, leaks...) }
	for _, app := range []struct {
		name    string
		command func(leaks ...string) []string
		lines   []string // of the scenario
	}{
		{"go", goShop(t), nil},
		{"python", python, nil},
		{"python, RSS alone", python, []string{"runtime: none", "requests: auto"}},
	} {
		t.Run(app.name, func(t *testing.T) {
			t.Parallel()
			pages := []string{"/", "/cart", "/orders", "/search"}
			measure := func(leaks ...string) *result.Result {
				file := shopScenario(t, app.command(leaks...), pages, app.lines...)
				return hunt(t, bin, "run", file, "-q", "-o", "json")
			}
			compare := func(leaks ...string) *report.Comparison {
				var before, after *result.Result
				var both sync.WaitGroup
				both.Go(func() { before = measure() })
				both.Go(func() { after = measure(leaks...) })
				both.Wait()
				if before == nil || after == nil {
					t.FailNow() // hunt has said why
				}
				cmp, err := report.Compare(before, after, false)
				if err != nil {
					t.Fatal(err)
				}
				return cmp
			}
			for i := range *pairCount {
				cmp := compare()
				if got := regressions(cmp); len(got) > 0 {
					t.Errorf("clean pair %d: %q", i+1, got)
				}
			}
			for i := range *pairCount / 2 {
				page := pages[i%len(pages)]
				cmp := compare(fmt.Sprintf("%s=%d", page, extraLeak))
				if got := regressions(cmp); len(got) != 1 || !strings.HasPrefix(got[0], page+" keeps") {
					t.Errorf("leaking pair %d, %s: %q", i+1, page, got)
				}
			}
		})
	}
}

// regressions are what a comparison says of each.
func regressions(c *report.Comparison) []string {
	var out []string
	for _, ch := range c.Changes {
		if ch.Kind == report.Regression {
			out = append(out, ch.Why)
		}
	}
	return out
}
