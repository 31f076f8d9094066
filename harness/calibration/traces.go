package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"leakhunt/harness/recorded"
	"leakhunt/harness/verdict"
)

// traces is a folder of recorded series, named
// RUNTIME-PAYLOAD-REQUESTS-leakBYTES-RUN.csv.gz. RSS grows at another rate than
// the application keeps memory, by what allocator and collector add: how fast,
// the other runs of the same name say, never the judged one. Without any other
// it is what the application kept.
type traces struct {
	dir    string
	burnIn int
}

var traceName = regexp.MustCompile(`^([a-z]+)-([a-z]+)-(\d+)-leak(\d+)-(\w+)\.csv(\.gz)?$`)

func (t traces) Samples(ctx context.Context) iter.Seq2[sample, error] {
	return func(yield func(sample, error) bool) {
		paths, err := filepath.Glob(filepath.Join(t.dir, "*.csv*"))
		if err == nil && len(paths) == 0 {
			err = fmt.Errorf("%s: no *.csv or *.csv.gz in it", t.dir)
		}
		if err != nil {
			yield(sample{}, err)
			return
		}
		all := make([]trace, len(paths))
		for i, path := range paths {
			if all[i], err = t.read(path); err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(sample{}, err)
				return
			}
		}
		for i, one := range all {
			if !yield(one.sample(t.burnIn, growthOf(one, slices.Delete(slices.Clone(all), i, i+1))), ctx.Err()) {
				return
			}
		}
	}
}

// trace is one recorded series.
type trace struct {
	path, world, kind string // kind: its name without RUN
	leak, slope       float64
	rss               []float64
}

// growthOf is the true growth of one in bytes/request, by what others of its kind
// grew from the burn-in to the end.
func growthOf(one trace, others []trace) float64 {
	if one.leak == 0 {
		return 0
	}
	sum, n := 0.0, 0.0
	for _, o := range others {
		if o.kind == one.kind {
			sum, n = sum+o.slope, n+1
		}
	}
	if n == 0 {
		return one.leak
	}
	return sum / n
}

func (t trace) sample(burnIn int, growth float64) sample {
	return sample{
		Source: "recorded", Evidence: "rss, recorded", World: t.world, Unit: "bytes",
		Leak: t.leak, Growth: growth,
		Judge: func() verdict.Judgement { return verdict.Judge(t.rss, burnIn, verdict.Params{}) },
	}
}

func (t traces) read(path string) (trace, error) {
	name := filepath.Base(path)
	part := traceName.FindStringSubmatch(name)
	if part == nil {
		return trace{}, fmt.Errorf("%s: its name is not RUNTIME-PAYLOAD-REQUESTS-leakBYTES-RUN.csv.gz", path)
	}
	leak, err := strconv.ParseFloat(part[4], 64)
	if err != nil {
		return trace{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return trace{}, err
	}
	defer f.Close()
	series, err := recorded.Read(f, path)
	if err != nil {
		return trace{}, err
	}
	one := trace{
		path: path, world: part[1], kind: strings.TrimSuffix(name, part[5]+".csv"+part[6]), leak: leak, rss: series.RSS,
	}
	if last := len(one.rss) - 1; last > t.burnIn {
		one.slope = (one.rss[last] - one.rss[t.burnIn]) / float64(last-t.burnIn)
	}
	return one, nil
}
