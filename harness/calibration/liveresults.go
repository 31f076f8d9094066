package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// finding is what a live run said of one URI, and the truth: a line of the
// results file.
type finding struct {
	Runtime    string        `json:"runtime"`
	Evidence   string        `json:"evidence"`
	Seed       int           `json:"seed"`
	Route      string        `json:"route"`
	Leak       float64       `json:"leak"` // nominal bytes/request, 0 for an innocent
	Kept       float64       `json:"kept"` // true bytes/request
	Verdict    verdict.Label `json:"verdict"`
	By         []string      `json:"by"`
	Growth     float64       `json:"growth"`
	Low        float64       `json:"low"`
	High       float64       `json:"high"`
	Detectable float64       `json:"detectable"`
	Requests   int           `json:"requests"`
	Seconds    float64       `json:"seconds"` // the run's, shared out among its URIs
	Day        string        `json:"day"`
	Version    string        `json:"version"`
	Why        string        `json:"why"`

	Probes []result.Probe `json:"probes,omitempty"`
}

// readFindings reads a results file; one that is not there yet is empty.
func readFindings(path string) ([]finding, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseFindings(f, path)
}

func parseFindings(r io.Reader, name string) ([]finding, error) {
	var all []finding
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var f finding
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if f.Runtime == "" || f.Evidence == "" || f.Route == "" || f.Verdict == "" {
			return nil, fmt.Errorf("%s:%d: no finding of a live run", name, n)
		}
		all = append(all, f)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

// appendFindings adds the lines of one run in one write, so that a run is in
// the file whole or not at all.
func appendFindings(path string, found []finding) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var text []byte
	for _, one := range found {
		line, err := json.Marshal(one)
		if err != nil {
			return err
		}
		text = append(append(text, line...), '\n')
	}
	_, err = f.Write(text)
	return err
}
