package harness_test

import (
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
)

// A result says whose floor is told where no counter counts: that of native memory where
// the runtime says what it has for itself, that of RSS elsewhere.
func TestResultSaysWhetherNativeMemoryIsKnown(t *testing.T) {
	for kind, known := range map[string]bool{"counter/ruby": true, "counter/java": true, "counter/python": false} {
		world, err := simulate.New(1, kind)
		if err != nil {
			t.Fatal(err)
		}
		st := judge.New(world.Header())
		if err := harness.Hunt(t.Context(), world, st, strategy.Hunt{}, func(record.Event) {}); err != nil {
			t.Fatal(err)
		}
		floors := 0
		for _, u := range result.Of(st, "test").URIs {
			if u.Counted == 0 {
				continue
			}
			if floors++; u.NativeKnown != known {
				t.Errorf("%s, %s: native memory is known: %v", kind, u.Name, u.NativeKnown)
			}
		}
		if floors == 0 {
			t.Errorf("%s: no URI has a floor of its counter", kind)
		}
	}
}
