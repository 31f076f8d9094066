package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"leakhunt/harness/verdict"
)

// corpusKept is a run as its files say it.
type corpusKept struct {
	corpusRun
	verdicts []Recorded
	truth    map[string]float64
}

// readCorpusRuns reads what is kept in a folder, in the order of the files' names.
func readCorpusRuns(dir string) (all []corpusKept, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "corpus-*.run.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	for _, path := range paths {
		var k corpusKept
		name := strings.TrimSuffix(path, ".run.json")
		for end, to := range map[string]any{".run.json": &k.corpusRun, ".verdicts.json": &k.verdicts, ".truth.json": &k.truth} {
			if err := readJSON(name+end, to); err != nil {
				return nil, err
			}
		}
		all = append(all, k)
	}
	return all, nil
}

// right counts how right the verdicts on innocents and on the planted leak are. What
// the truth does not name is not counted.
func (k corpusKept) right() (r Right) {
	for _, v := range k.verdicts {
		if leak, known := k.truth[v.URI]; known {
			r.count(leak, v.Verdict, v.Floor)
		}
	}
	return r
}

// planted says what came of the planted leak.
func (k corpusKept) planted() string {
	at := slices.IndexFunc(k.verdicts, func(v Recorded) bool { return v.URI == plantedRow })
	if at < 0 {
		return "none"
	}
	v := k.verdicts[at]
	if v.Verdict != verdict.Leak {
		return string(v.Verdict)
	}
	return fmt.Sprintf("%.0f of %.0f B", v.Growth, k.truth[plantedRow])
}

// writeCorpus writes the table, and beneath it whatever is not as the truth is.
func writeCorpus(w io.Writer, apps []released, runs []corpusKept) {
	fmt.Fprint(w, "# Released applications\n\n",
		"What `go run ./harness/calibration -corpus DIR` found: applications that others wrote, each with a leak that is planted from outside.\n",
		"*Looked at*: it was hunted while leakhunt was being made. README.md says how to repeat it.\n\n",
		"| application | version | runtime | evidence | rows | looked at | innocents accused | lies | open | planted: found | requests | seconds |\n",
		"|---|---|---|---|--:|---|--:|--:|--:|--:|--:|--:|\n")
	var all Right
	parts := map[[2]string]corpusSum{}
	var odd strings.Builder
	for _, a := range apps {
		looked := "no"
		if a.Looked {
			looked = "yes"
		}
		hunted := false
		for _, k := range runs {
			if k.Application != a.Name {
				continue
			}
			hunted = true
			r := k.right()
			all = all.plus(r)
			part := parts[[2]string{looked, k.Evidence}]
			parts[[2]string{looked, k.Evidence}] = corpusSum{part.runs + 1, part.plus(r)}
			fmt.Fprintf(w, "| %s | %s | %s | %s | %d | %s | %d of %d | %d | %d | %s | %d | %.0f |\n", a.Name, k.Version, a.runtime, k.Evidence,
				len(k.verdicts), looked, r.Accused, r.Innocents, r.Lies, r.Inconclusive, k.planted(), k.Requests, k.Seconds)
			k.writeOdd(&odd, a)
		}
		if !hunted {
			fmt.Fprintf(w, "| %s | %s | %s | | %d | %s | not hunted | | | | | |\n", a.Name, a.Version, a.runtime, len(a.URIs)+1, looked)
		}
	}
	fmt.Fprintf(w, "\n%d runs. Innocents accused: %d of %d. Planted leaks found: %d of %d. Lies: %d. Open: %d.\n",
		len(runs), all.Accused, all.Innocents, all.Found, all.Leaks, all.Lies, all.Inconclusive)
	fmt.Fprint(w, "\n| looked at | evidence | runs | innocents accused | planted: found | lies | open |\n|---|---|--:|--:|--:|--:|--:|\n")
	for _, looked := range []string{"yes", "no"} {
		for _, evidence := range []string{"counter", "tight"} {
			p := parts[[2]string{looked, evidence}]
			fmt.Fprintf(w, "| %s | %s | %d | %d of %d | %d of %d | %d | %d |\n", looked, evidence, p.runs, p.Accused, p.Innocents, p.Found, p.Leaks, p.Lies, p.Inconclusive)
		}
	}
	if odd.Len() > 0 {
		fmt.Fprintf(w, "\n| application | evidence | row | verdict | truth | why |\n|---|---|---|---|--:|---|\n%s", odd.String())
	}
}

// corpusSum is what some runs come to.
type corpusSum struct {
	runs int
	Right
}

// writeOdd writes a line for each row that is not as the truth is, or whose truth is not known.
func (k corpusKept) writeOdd(w io.Writer, a released) {
	for _, v := range k.verdicts {
		leak, known := k.truth[v.URI]
		if known && (leak > 0) == (v.Verdict == verdict.Leak) && v.Verdict != verdict.Inconclusive && v.Verdict != verdict.Failed {
			continue
		}
		truth := fmt.Sprintf("%.0f B", leak)
		if !known {
			truth = "not known: " + a.Guilty[v.URI]
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", k.Application, k.Evidence, strings.ReplaceAll(v.URI, "|", "\\|"), v.Verdict, truth, strings.ReplaceAll(v.Why, "|", "\\|"))
	}
}

// plus adds the counts of another run.
func (r Right) plus(o Right) Right {
	return Right{
		r.Innocents + o.Innocents, r.Accused + o.Accused, r.Leaks + o.Leaks, r.Found + o.Found, r.Lies + o.Lies,
		r.Inconclusive + o.Inconclusive,
	}
}
