package report

import (
	"bytes"
	"testing"
	"time"

	"leakhunt/harness/result"
)

func TestRuns(t *testing.T) {
	at := time.Date(2026, 11, 28, 16, 45, 10, 0, time.UTC)
	list := []Kept{
		{
			Path: "/state/leakhunt/runs/2026-11-28T16-45-10-shop-ab12.jsonl", StartedAt: at, Scenario: result.ScenarioRef{Name: "shop", Path: "shop.yaml", SHA256: "0f"},
			DurationS: 33.94, RequestsTotal: 13791, Summary: result.Summary{Leak: 4, Warmup: 3, Stable: 5}, Complete: true, Bytes: 900,
		},
		{
			Path: "/state/leakhunt/runs/b.jsonl", StartedAt: at.Add(-time.Hour), Scenario: result.ScenarioRef{Name: "desk\x1b[2J"},
			DurationS: 4.21, RequestsTotal: 3, Summary: result.Summary{Leak: 1, Inconclusive: 1, Error: 1}, Running: true, PID: 42, Incomplete: "it is running (process 42)",
		},
		{
			Path: "/state/leakhunt/runs/c\n.jsonl", StartedAt: at.Add(-2 * time.Hour), Scenario: result.ScenarioRef{Name: "a scenario with a name that is much too long for any table of this width"},
			DurationS: 7000, RequestsTotal: 1e6, Incomplete: "it was killed, or its journal could not be written to its end",
		},
		{
			Path: "/state/leakhunt/runs/d.jsonl", StartedAt: at.Add(-3 * time.Hour), Bytes: 7,
			Problem: "the journal d.jsonl is damaged: line 3: its checksum is wrong, or lines before it are missing", Remedy: "The lines before it are whole.",
		},
	}
	for name, o := range map[string]Options{"runs.table.golden": {}, "runs.table-60.golden": {Width: 60}} {
		golden(t, name, runs(t, "table", list, o))
	}
	golden(t, "runs.json.golden", runs(t, "json", list, Options{}))
	if got := string(runs(t, "json", nil, Options{})); got != "{\n  \"runs\": []\n}\n" {
		t.Errorf("%q", got)
	}
	if got := runs(t, "table", nil, Options{}); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if err := WriteRuns(nil, "csv", list, Options{}); err == nil {
		t.Error("a format that is not there")
	}
}

func runs(t *testing.T, format string, list []Kept, o Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteRuns(&b, format, list, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
