package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// corpusTrial is one run of leakhunt on an application of the corpus.
type corpusTrial struct {
	app      released
	evidence string // counter or tight
	seed     int
	root     string // the folder that corpus/install filled
}

// corpusLimit bounds a run.
const corpusLimit = 5 * time.Minute

// corpusRun is what a run came to beside its verdicts: NAME.run.json.
type corpusRun struct {
	Application string   `json:"application"`
	Version     string   `json:"version"`
	Runtime     string   `json:"runtime"`
	Evidence    string   `json:"evidence"`
	Seed        int      `json:"seed"`
	Day         string   `json:"day"`
	Leakhunt    string   `json:"leakhunt"`
	Complete    bool     `json:"complete"`
	Requests    int      `json:"requests"`
	Seconds     float64  `json:"seconds"`
	Warnings    []string `json:"warnings"`
}

// file is a name for what is kept of the run, without its end.
func (t corpusTrial) file() string {
	return fmt.Sprintf("corpus-%s-%s-seed%d", t.app.Name, t.evidence, t.seed)
}

// bytes are what a planted request is told to keep, and what it does keep.
func (t corpusTrial) bytes() (told int, kept float64) {
	told = 1024
	if t.evidence == "tight" {
		told = 4096
	}
	return told, float64(told) + plants[t.app.runtime].more
}

// scenario is what leakhunt runs: requests are a number, or "auto". The plant writes the
// file mark when it keeps something first. JSON is YAML.
func (t corpusTrial) scenario(requests any, mark string) ([]byte, error) {
	told, _ := t.bytes()
	env := map[string]string{
		"PLANTED_BYTES": fmt.Sprint(told), "PLANTED_MARK": mark,
		"HOME": "${CORPUS}/data/home", "TMPDIR": "${CORPUS}/data/tmp", // what they leave behind goes with the folder
	}
	maps.Copy(env, plants[t.app.runtime].env)
	maps.Copy(env, t.app.Env)
	target := map[string]any{
		"command": t.app.Command, "env": env, "tighten": true,
		"ready": map[string]any{"uri": t.app.Ready, "timeout": "90s"},
	}
	if t.app.Dir != "" {
		target["dir"] = t.app.Dir
	}
	var uris []any
	for _, u := range t.app.URIs {
		uris = append(uris, map[string]any{"uri": u, "name": u})
	}
	if t.app.Planted != "" {
		uris = append(uris, map[string]any{"uri": t.app.Planted, "name": plantedRow})
	}
	all := map[string]any{
		"version": 1, "name": t.app.Name, "target": target, "requests": requests, "runtime": "auto", "sites": "off",
		"uris": uris, "limits": map[string]any{"time": corpusLimit.String()},
	}
	if t.evidence == "tight" {
		all["runtime"] = "none"
	}
	if requests != "auto" {
		all["warmup"] = 0
	}
	text, err := json.Marshal(all)
	return []byte(strings.ReplaceAll(string(text), "${CORPUS}", t.root)), err
}

// truth is what a request of each row of a result keeps, in bytes; what is said to be
// guilty by itself is left out.
func (t corpusTrial) truth(res *result.Result) map[string]float64 {
	_, kept := t.bytes()
	all := map[string]float64{}
	for _, u := range res.URIs {
		switch _, guilty := t.app.Guilty[u.Name]; {
		case u.Name == plantedRow:
			all[u.Name] = kept
		case !guilty:
			all[u.Name] = 0
		}
	}
	return all
}

// run hunts, and keeps what came out in the folder journals. Without one, it sends each
// URI twice, and keeps nothing.
func (t corpusTrial) run(ctx context.Context, leakhunt, journals string) (res *result.Result, err error) {
	dir, err := os.MkdirTemp("", "corpus-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	requests := any("auto")
	if journals == "" {
		requests = 2
	}
	mark := filepath.Join(dir, "planted")
	text, err := t.scenario(requests, mark)
	if err != nil {
		return nil, err
	}
	path, kept := filepath.Join(dir, "scenario.yaml"), filepath.Join(dir, "run.jsonl")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*corpusLimit)
	defer cancel()
	res, err = hunt(ctx, leakhunt, path, t.seed, "--journal", kept)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(mark); err != nil && t.app.Planted != "" {
		return nil, fmt.Errorf("the plant never kept anything, so nothing is known of %s: %w", t.app.Planted, err)
	}
	if journals == "" {
		return res, nil
	}
	name := filepath.Join(journals, t.file())
	if err := keep(kept, name, res, t.truth(res)); err != nil {
		return nil, err
	}
	return res, writeJSON(name+".run.json", t.summary(res))
}

func (t corpusTrial) summary(res *result.Result) corpusRun {
	r := corpusRun{
		Application: t.app.Name, Version: t.app.Version, Runtime: t.app.runtime, Evidence: t.evidence, Seed: t.seed,
		Day: res.StartedAt.Format(time.DateOnly), Leakhunt: strings.TrimSpace(res.Tool.Version), Complete: res.Complete,
		Requests: res.RequestsTotal, Seconds: res.DurationS, Warnings: []string{},
	}
	for _, w := range res.Warnings {
		r.Warnings = append(r.Warnings, w.Message)
	}
	return r
}

// failedRows are the rows of a result whose requests failed, and why.
func failedRows(text []byte) string {
	var res result.Result
	if json.Unmarshal(text, &res) != nil {
		return ""
	}
	var b strings.Builder
	for _, u := range res.URIs {
		if u.Verdict == verdict.Failed {
			fmt.Fprintf(&b, "%s: %s\n", u.Name, u.Why)
		}
	}
	return b.String()
}
