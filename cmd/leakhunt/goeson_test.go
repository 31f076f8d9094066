package main

import (
	"bytes"
	"testing"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
)

// A run that a limit cut short goes on from its journal. One that ended by itself, for the
// rest would take too long, has nothing to go on with.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	open := result.Result{EndedBy: result.EndedByLimit, DurationS: 890, Scenario: result.ScenarioRef{Path: "shop.yaml"}}
	for _, c := range []struct {
		limited record.Limited
		want    string
	}{
		{record.Limited{Limit: "time", T: 900}, "what was measured is kept; go on with: leakhunt run --resume r.jsonl --max-time 30m0s\n"},
		{record.Limited{Limit: "rss", T: 100}, "what was measured is kept; go on with: leakhunt run --resume r.jsonl\n"},
		{record.Limited{}, "to settle the others, run it again with more time: leakhunt run shop.yaml --max-time 29m40s\n"},
	} {
		var said bytes.Buffer
		a := &app{stderr: &said}
		a.goesOn(&open, &keeper{app: a, kept: "r.jsonl", limited: c.limited})
		if said.String() != c.want {
			t.Errorf("%+v: %q, want %q", c.limited, said.String(), c.want)
		}
	}
}
