package main

import (
	"bytes"
	"testing"

	"leakhunt/harness/result"
)

// A run that a limit ended goes on from its journal, also one that ended by itself, for
// the rest would have taken too long.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	for want, scenario := range map[string]string{
		"what was measured is kept; go on with: leakhunt run --resume r.jsonl\n":           "",
		"what was measured is kept; go on with: leakhunt run shop.yaml --resume r.jsonl\n": "shop.yaml",
	} {
		var said bytes.Buffer
		a := &app{stderr: &said}
		a.goesOn(&result.Result{EndedBy: result.EndedByLimit}, &keeper{app: a, kept: "r.jsonl", scenario: scenario})
		if said.String() != want {
			t.Errorf("%q, want %q", said.String(), want)
		}
	}
}
