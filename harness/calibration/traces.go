package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"leakhunt/harness/recorded"
	"leakhunt/harness/verdict"
)

// traces is a folder of recorded series, named
// RUNTIME-PAYLOAD-REQUESTS-leakBYTES-RUN.csv.gz. Their truth is what the
// application kept; RSS may grow faster, by the headroom of a collector.
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
		for _, path := range paths {
			s, err := t.read(path)
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

func (t traces) read(path string) (sample, error) {
	name := filepath.Base(path)
	part := traceName.FindStringSubmatch(name)
	if part == nil {
		return sample{}, fmt.Errorf("%s: its name is not RUNTIME-PAYLOAD-REQUESTS-leakBYTES-RUN.csv.gz", path)
	}
	leak, err := strconv.ParseFloat(part[4], 64)
	if err != nil {
		return sample{}, err
	}
	f, err := os.Open(path)
	if err != nil {
		return sample{}, err
	}
	defer f.Close()
	series, err := recorded.Read(f, path)
	if err != nil {
		return sample{}, err
	}
	return sample{
		Source: "recorded", Evidence: "rss, recorded", World: part[1], Name: name, Unit: "bytes", Leak: leak, Growth: leak,
		Judge: func() verdict.Judgement { return verdict.Judge(series.RSS, t.burnIn, verdict.Params{}) },
	}, nil
}
