package target

import (
	"os"
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

// The demo's heap profile is to be small: what all of leakhunt makes before the demo begins
// is sampled as coarsely as what the demo makes.
func TestDemoIsSampledCoarsely(t *testing.T) {
	sc := &scenarios.Scenario{Target: scenarios.Target{Kind: "demo"}}
	r, err := openCommand(sc, []string{os.Args[0]}, Options{}).run("1")
	if err != nil {
		t.Fatal(err)
	}
	if rate, _ := lookup(r.env, "GODEBUG"); rate != "memprofilerate=16384" {
		t.Errorf("GODEBUG=%s in the environment of the demo", rate)
	}
}
