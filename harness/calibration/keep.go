package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"

	"leakhunt/harness/result"
)

// keep compresses a journal to PATH.jsonl.gz, and writes beside it what the run said and
// what is true: see replay.
func keep(journal, path string, res *result.Result, truth map[string]float64) error {
	text, err := os.ReadFile(journal)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".jsonl.gz", packed.Bytes(), 0o644); err != nil {
		return err
	}
	if err := writeJSON(path+".verdicts.json", recordedOf(res)); err != nil {
		return err
	}
	return writeJSON(path+".truth.json", truth)
}

// recordedOf are the verdicts of a result.
func recordedOf(res *result.Result) []Recorded {
	out := []Recorded{}
	for _, u := range res.URIs {
		out = append(out, Recorded{
			URI: u.Name, Verdict: u.Verdict, Evidence: u.Evidence, Growth: u.Growth, Low: u.GrowthLow, High: u.GrowthHigh,
			Floor: u.Detectable, Requests: u.Requests, Why: u.Why,
		})
	}
	return out
}

func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
