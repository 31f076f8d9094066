package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// scans are hunts on applications of many URIs of which three leak, by groups and URI by
// URI.
type scans struct {
	seeds int
	most  int // URIs
	of    []crowd
}

func (s *scans) register(flags *flag.FlagSet) {
	s.of = crowds
	flags.IntVar(&s.seeds, "scan", 0, "hunts of each kind on applications of many URIs, by groups and URI by URI; 0: none")
	flags.IntVar(&s.most, "scan-uris", 4096, "with -scan: applications of so many URIs at most")
}

// crowd is a kind of application of many URIs.
type crowd struct {
	name, runtime string
	busy          bool // with caches, pools and what expires among its innocents
}

var crowds = []crowd{
	{"Python, RSS alone", "python tight", false},
	{"Python, RSS alone, busy", "python tight", true},
	{"Go, RSS alone", "go tight", false},
	{"Ruby, RSS alone", "ruby tight", false},
	{"Ruby, agent", "ruby agent", false},
	{"Ruby, agent, busy", "ruby agent", true},
	{"Go, pprof", "go pprof", false},
}

// crowdSizes are how many URIs they have; the others that stand beside a scan are made
// with fewer seeds, the more they cost.
var crowdSizes = []int{64, 128, 1024, 4096}

const crowdLeak = 16 << 10 // bytes/request, of three URIs

func leaksIn(n int) []int { return []int{n / 7, n / 2, n - 5} }

// text is the world of an application of n URIs.
func (c crowd) text(n int, seed int, plan string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d\nruntime %s\nplan %s\nlimits time 1000000s\n", seed, c.runtime, plan)
	leaks := leaksIn(n)
	for i := range n {
		fmt.Fprintf(&b, "uri /u%d garbage %dKiB objects %d spread 20%%, warmup 20KiB over 1", i, 8+i*37%57, 40+i*91%400)
		switch {
		case slices.Contains(leaks, i):
			fmt.Fprintf(&b, ", leak %dB objects 60", crowdLeak)
		case !c.busy:
		case i%37 == 5:
			b.WriteString(", cache 20 x 2KiB keyed")
		case i%53 == 7:
			b.WriteString(", pool 4 x 8KiB 1 in 10")
		case i%61 == 9:
			b.WriteString(", cache 300 x 4KiB keyed")
		case i%71 == 9:
			b.WriteString(", hold 4KiB expires 5s")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// crowdHunts is what came of some hunts.
type crowdHunts struct {
	requests, bounds []float64
	found, leaks     int
	accused, lies    int
	hunts            int
}

func (c crowd) hunt(ctx context.Context, n, seeds int, plan string) (h crowdHunts, err error) {
	for seed := 1; seed <= seeds; seed++ {
		w, err := simulate.Parse(c.text(n, seed, plan))
		if err != nil {
			return h, err
		}
		st := judge.New(w.Header())
		if err := harness.Hunt(ctx, w, st, strategy.Hunt{}, func(record.Event) {}); err != nil {
			return h, err
		}
		h.hunts++
		h.requests = append(h.requests, float64(st.Total))
		bound := 0.0
		for i, f := range st.Findings() {
			leaks := slices.Contains(leaksIn(n), i)
			switch {
			case leaks && f.Label == verdict.Leak:
				h.found++
			case f.Label == verdict.Leak:
				h.accused++
			case leaks && f.Label != verdict.Inconclusive && f.Floor < crowdLeak:
				h.lies++
			}
			if leaks {
				h.leaks++
			}
			if f.Label != verdict.Leak {
				bound = max(bound, f.Floor)
			}
		}
		h.bounds = append(h.bounds, bound)
	}
	slices.Sort(h.requests)
	slices.Sort(h.bounds)
	return h, nil
}

func (h crowdHunts) String() string {
	last := len(h.requests) - 1
	if last < 0 {
		return "– | – | – | –"
	}
	requests := units.Count(int(h.requests[last/2]))
	if last > 0 {
		requests += ", at most " + units.Count(int(h.requests[last]))
	}
	return fmt.Sprintf("%s | %d of %d | %d | %s", requests, h.found, h.leaks, h.accused+h.lies, units.Bytes(h.bounds[last]))
}

// worth says whether a row is made: of 4,096 URIs two kinds of application stand for all.
func (c crowd) worth(n int) bool {
	return n <= 1024 || !c.busy && (c.runtime == "python tight" || c.runtime == "ruby agent")
}

// run makes the hunts and writes their table.
func (s *scans) run(ctx context.Context, out string, stdout, log io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Scan: groups first, or URI by URI

Written by `+"`go run ./harness/calibration -scan %d -o harness/calibration/SCAN.md`"+`.

Simulated applications of which three URIs leak 16 KiB with each request. *Scan* sends groups first (`+"`strategy: scan`"+`),
*sweep* as many requests to each URI as its verdict needs (`+"`strategy: sweep`"+`), *plain* 1,000 to each. Busy ones have bounded
caches of 40 KiB to 1.2 MiB, pools, and what expires among their innocents. Requests are the median of all hunts and the most of one.
Wrong are innocents that are accused, and leaks that are said to be none under a floor below them. The bound is the largest floor of any
URI that is not convicted, in any of the hunts.

Of 4,096 URIs two kinds of application stand for all. By a counter a sweep sends 350 requests to each URI at least, and its floors are lower for it; by RSS a plain 1,000 requests settle nothing.

| application | URIs | strategy | hunts | requests | found | wrong | bound |
|---|---|---|---|---|---|---|---|
`, s.seeds)
	for _, n := range crowdSizes {
		if n > s.most {
			continue
		}
		for _, c := range s.of {
			// What scales with n and says nothing new is made with fewer seeds.
			beside := max(1, min(s.seeds, 256/n))
			for _, way := range []struct {
				name, plan string
				seeds      int
			}{{"scan", "strategy scan", s.seeds}, {"sweep", "strategy sweep", beside}, {"plain", "requests 1000", beside}} {
				if !c.worth(n) {
					continue
				}
				if n > 1024 {
					way.seeds = max(1, way.seeds/20)
				}
				fmt.Fprintf(log, "%s, %d URIs, %s\n", c.name, n, way.name)
				h, err := c.hunt(ctx, n, way.seeds, way.plan)
				if err != nil {
					return err
				}
				fmt.Fprintf(&b, "| %s | %s | %s | %d | %s |\n", c.name, units.Count(n), way.name, h.hunts, h)
				if out == "-" {
					continue
				}
				if err := os.WriteFile(out, b.Bytes(), 0o644); err != nil { // what was made so far stands where it is ended
					return err
				}
			}
		}
	}
	if out == "-" {
		_, err := stdout.Write(b.Bytes())
		return err
	}
	return nil
}
