//go:build live

package main

import (
	"bytes"
	"encoding/json"
	"testing"
)

// What leakhunt judge says of a journal is what its run said, for each runtime, by
// counters and by RSS, also where the process was killed, the run interrupted, or killed
// and resumed. go run ./harness/calibration -equal 200 makes more of them.
func TestJudgeSaysWhatTheRunSaid(t *testing.T) {
	t.Parallel()
	program := leakhunt(t)
	e := equality{n: 13, leakhunt: program, dir: t.TempDir(), log: t.Output()}
	var out bytes.Buffer
	if err := e.run(t.Context(), 1, "json", &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	var got Equal
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Equal != e.n || len(got.Ways) < len(ways) {
		t.Errorf("%+v", got)
	}
}
