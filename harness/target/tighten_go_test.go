package target

import (
	"slices"
	"testing"

	"leakhunt/scenarios"
)

// What go run starts is not built yet: it may serve its heap profile, which is to be fine
// enough for the lines, as that of a binary that serves one.
func TestGoRunIsTraced(t *testing.T) {
	for _, argv := range [][]string{{"go", "run", "."}, {"/usr/local/go/bin/go", "run", "main.go"}} {
		if set := wanted("go", argv, t.TempDir(), nil, &scenarios.Scenario{}); !slices.Contains(set, "GODEBUG=memprofilerate=1024") {
			t.Errorf("%q: %q", argv, set)
		}
	}
}
