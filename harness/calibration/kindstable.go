package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// judged is what a run came to, held against the truth.
type judged struct {
	wrong []string // each in words; none: right, or open
	open  []string // rows that are inconclusive
}

func (j judged) String() string {
	switch {
	case len(j.wrong) > 0:
		return "**wrong**"
	case len(j.open) > 0:
		return "open"
	}
	return "right"
}

// judge holds a run against the truth of its case.
func (c kindCase) judge(k *kindKept) (j judged) {
	switch {
	case k.exit == settledNothing && c.exit != settledNothing:
		j.open = append(j.open, "every row")
	case k.exit != c.exit:
		j.wrong = append(j.wrong, fmt.Sprintf("exit %d, and %d is right", k.exit, c.exit))
	}
	if k.res == nil {
		j.wrong = append(j.wrong, "there is no result")
		return j
	}
	for _, u := range k.res.URIs {
		wrong := c.row(u.Name).wrong(u)
		switch {
		case wrong != "":
			j.wrong = append(j.wrong, u.Name+" "+wrong)
		case u.Verdict == verdict.Inconclusive && c.row(u.Name).rather == "":
			j.open = append(j.open, u.Name)
		}
	}
	for _, r := range c.rows {
		if r.rather == "" && !slices.ContainsFunc(k.res.URIs, func(u result.URI) bool { return u.Name == r.name }) {
			j.wrong = append(j.wrong, r.name+" has no row")
		}
	}
	for _, text := range c.says {
		if !strings.Contains(k.table, text) {
			j.wrong = append(j.wrong, text+" is not named")
		}
	}
	for _, text := range c.never {
		if strings.Contains(k.table, text) {
			j.wrong = append(j.wrong, text+" is named")
		}
	}
	if c.seconds > 0 && k.res.DurationS > c.seconds {
		j.wrong = append(j.wrong, fmt.Sprintf("it took %.0f s, where %.0f are right", k.res.DurationS, c.seconds))
	}
	return j
}

// wrong says what of a verdict is not as the truth is; "" where nothing is.
func (r kindRow) wrong(u result.URI) string {
	switch {
	case u.Verdict == verdict.Failed:
		return "failed: " + u.FirstError
	case r.rather != "" || u.Verdict == verdict.Inconclusive:
		return ""
	case r.to == 0:
		if u.Verdict == verdict.Leak {
			return "is accused"
		}
		return ""
	case u.Verdict != verdict.Leak:
		if u.Detectable < r.from {
			return fmt.Sprintf("is %s with a floor of %s: a lie", u.Verdict, units.Bytes(u.Detectable))
		}
		return fmt.Sprintf("is %s: missed", u.Verdict)
	case r.unit != "":
		if !slices.ContainsFunc(u.Probes, func(p result.Probe) bool { return p.Unit == r.unit && p.Low <= 1.05 && p.High >= 0.95 }) {
			return "is convicted, but not by a count of " + r.unit + " that grows by one"
		}
		return ""
	case u.GrowthHigh < r.from || u.GrowthLow > r.to:
		return fmt.Sprintf("has the interval %s … %s, beside the truth", units.Bytes(u.GrowthLow), units.Bytes(u.GrowthHigh))
	}
	return ""
}

// truth in words.
func (c kindCase) truth() string {
	var all []string
	for _, r := range c.rows {
		switch {
		case r.rather != "":
			all = append(all, fmt.Sprintf("%s: either (%s)", r.name, r.rather))
		case r.unit != "":
			all = append(all, fmt.Sprintf("%s leaks one of %s", r.name, r.unit))
		default:
			all = append(all, fmt.Sprintf("%s leaks %s–%s", r.name, units.Bytes(r.from), units.Bytes(r.to)))
		}
	}
	for _, text := range c.says {
		all = append(all, "it names "+text)
	}
	for _, text := range c.never {
		all = append(all, "it does not name "+text)
	}
	if c.seconds > 0 {
		all = append(all, fmt.Sprintf("within %.0f s", c.seconds))
	}
	return strings.Join(append(all, fmt.Sprintf("no other leak; exit %d", c.exit)), "; ")
}

// said is what a run said, row by row.
func (k *kindKept) said() string {
	if k.res == nil {
		return fmt.Sprintf("exit %d", k.exit)
	}
	var all []string
	for _, u := range k.res.URIs {
		one := fmt.Sprintf("%s %s", u.Name, u.Verdict)
		switch u.Verdict {
		case verdict.Leak:
			one += fmt.Sprintf(" %s (%s … %s)", units.Bytes(u.Growth), units.Bytes(u.GrowthLow), units.Bytes(u.GrowthHigh))
		case verdict.Inconclusive:
			one += " " + units.Bytes(u.Growth)
		case verdict.Failed:
		default:
			one += ", floor " + units.Bytes(u.Detectable)
		}
		all = append(all, one)
	}
	return strings.Join(append(all, fmt.Sprintf("exit %d", k.exit)), "; ")
}

// writeKinds writes the table of what is kept in the folder, and beneath it what is wrong.
func writeKinds(w io.Writer, dir string) error {
	fmt.Fprint(w, "# Kinds of wrong verdict\n\n",
		"What leakhunt once said wrong, each kind as a small application with known truth in [testdata/kinds](testdata/kinds). Right or wrong is computed\n",
		"from the truth in [kinds.go](kinds.go). *Before* is what was said on 2026-11-28 of that application, or of the one that it stands for.\n",
		"Each row is one run, on two processors that others used too, so that the seconds are many. *Open*: a row is inconclusive.\n",
		"One row: `leakhunt run harness/calibration/testdata/kinds/CASE.yaml --seed RUN`. All of it, in about an hour and a half:\n\n",
		"```\ngo run ./harness/calibration -kinds DIR -o harness/calibration/KINDS.md\n```\n\n",
		"| kind | | case, run | truth | before | now | requests | seconds | |\n|--:|---|---|---|---|---|--:|--:|---|\n")
	var odd strings.Builder
	right, runs := 0, 0
	for _, c := range kindCases {
		for n := 1; n <= c.runs; n++ {
			k, err := readKind(filepath.Join(dir, c.name(n)))
			if err != nil {
				return err
			}
			cells := []string{fmt.Sprint(c.kind), c.about, fmt.Sprintf("%s, %d", c.scenario, n), c.truth(), c.before, "not run", "", "", ""}
			if n > 1 {
				cells[1], cells[3], cells[4] = "", "", ""
			}
			if k != nil {
				j := c.judge(k)
				runs++
				if j.String() == "right" {
					right++
				}
				cells[5], cells[8] = k.said(), j.String()
				if k.res != nil {
					cells[6], cells[7] = fmt.Sprint(k.res.RequestsTotal), fmt.Sprintf("%.0f", k.res.DurationS)
				}
				for _, text := range j.wrong {
					fmt.Fprintf(&odd, "- %s, run %d: %s.\n", c.scenario, n, text)
				}
				for _, text := range j.open {
					fmt.Fprintf(&odd, "- %s, run %d: %s is open.\n", c.scenario, n, text)
				}
			}
			for i, text := range cells {
				cells[i] = strings.ReplaceAll(text, "|", "\\|")
			}
			fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	fmt.Fprintf(w, "\n%d of %d runs are right.\n", right, runs)
	if odd.Len() > 0 {
		fmt.Fprintf(w, "\nWhat is not:\n\n%s", odd.String())
	}
	return nil
}
