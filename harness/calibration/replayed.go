package main

import (
	"fmt"
	"io"

	"leakhunt/harness/verdict"
)

// Recorded is a verdict as a run gave it.
type Recorded struct {
	URI      string        `json:"uri"` // its name
	Verdict  verdict.Label `json:"verdict"`
	Evidence []string      `json:"evidence,omitempty"`
	Growth   float64       `json:"growth_bytes_per_request"`
	Low      float64       `json:"growth_low"`
	High     float64       `json:"growth_high"`
	Floor    float64       `json:"detectable_bytes_per_request"`
	Requests int           `json:"requests"`
	Why      string        `json:"why"`
}

// Replayed is what came out.
type Replayed struct {
	Journals int      `json:"journals"`
	URIs     int      `json:"uris"`
	Torn     int      `json:"torn"`    // journals whose last line was cut off
	Changed  []Change `json:"changed"` // verdicts that are not what was recorded
	Wrong    []Change `json:"wrong"`   // verdicts that are not true
	Was      Right    `json:"was"`     // of those whose truth is known
	Is       Right    `json:"is"`
	Failed   []Broken `json:"failed"`
}

// Right counts how right verdicts are.
type Right struct {
	Innocents    int `json:"innocents"`
	Accused      int `json:"accused"` // innocents that are said to leak
	Leaks        int `json:"leaks"`
	Found        int `json:"found"`
	Lies         int `json:"lies"` // leaks that are said to be none, under a floor below them
	Inconclusive int `json:"inconclusive"`
}

// Change is a URI whose verdict is another now, or is wrong.
type Change struct {
	Journal string        `json:"journal"`
	URI     string        `json:"uri"`
	Truth   *float64      `json:"truth"` // bytes/request; null where it is not known
	Was     verdict.Label `json:"was"`   // "" where nothing was recorded
	Is      verdict.Label `json:"is"`
	Kind    string        `json:"kind,omitempty"` // what is wrong: "accused" or "lie"
	Floor   float64       `json:"floor"`
	Why     string        `json:"why"`
}

// Broken is a journal that could not be judged.
type Broken struct {
	Journal string `json:"journal"`
	Error   string `json:"error"`
}

// count adds a verdict on a URI that leaks so many bytes a request, and says what is
// wrong with it. A URI whose requests fail is neither.
func (r *Right) count(leak float64, label verdict.Label, floor float64) (wrong string) {
	switch {
	case label == verdict.Failed:
		return ""
	case leak > 0:
		r.Leaks++
	default:
		r.Innocents++
	}
	switch {
	case label == verdict.Inconclusive:
		r.Inconclusive++
	case leak <= 0 && label == verdict.Leak:
		r.Accused++
		return "accused"
	case label == verdict.Leak:
		r.Found++
	case leak > floor:
		r.Lies++
		return "lie"
	}
	return ""
}

// write writes what came out for a person.
func (r *Replayed) write(w io.Writer) {
	fmt.Fprintf(w, "%d journals, %d URIs; verdicts that changed: %d, that are wrong: %d\n\n", r.Journals, r.URIs, len(r.Changed), len(r.Wrong))
	fmt.Fprintf(w, "| | innocents | accused | leaks | found | lies | inconclusive |\n|---|---|---|---|---|---|---|\n")
	for _, row := range []struct {
		name string
		Right
	}{{"recorded", r.Was}, {"now", r.Is}} {
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d | %d |\n", row.name, row.Innocents, row.Accused, row.Leaks, row.Found, row.Lies, row.Inconclusive)
	}
	rows(w, "changed", r.Changed)
	rows(w, "wrong", r.Wrong)
	for _, f := range r.Failed {
		fmt.Fprintf(w, "\n%s could not be judged: %s\n", f.Journal, f.Error)
	}
}

func rows(w io.Writer, title string, changes []Change) {
	if len(changes) == 0 {
		return
	}
	fmt.Fprintf(w, "\n| %s | URI | truth | was | is | why |\n|---|---|---|---|---|---|\n", title)
	for _, c := range changes {
		truth := "?"
		if c.Truth != nil {
			truth = fmt.Sprintf("%.0f B", *c.Truth)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", c.Journal, c.URI, truth, c.Was, c.Is, c.Why)
	}
}
