package judge_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"leakhunt/harness/hunttest"
	"leakhunt/harness/verdict"
)

// The texts say what a record means. Package hunttest tells how they are read; go test
// -rewrite writes the answers anew.
func TestTexts(t *testing.T) {
	hunttest.Run(t, map[string]hunttest.Command{"reserve": reserve, "intervals": intervals, "rounds": rounds})
}

// reserve says for each line of the input, a process whose lines are parted by
// semicolons, beyond which growth RSS convicts its only URI, in MiB. After "alone" it
// grows in a row, and before that other URIs have made the process so much larger.
func reserve(s *hunttest.Script, d *datadriven.TestData) string {
	var b strings.Builder
	for line := range strings.SplitSeq(d.Input, "\n") {
		name, text, _ := strings.Cut(line, ": ")
		low, high := 0.0, 4096.0
		for high-low > 0.25 {
			mid := (low + high) / 2
			process := fmt.Sprintf("plan requests 8192 rounds 1 warmup 0\n%s\n/ keeps %.0fB", strings.ReplaceAll(text, ";", "\n"), mid*(1<<20)/8192)
			if s.Hunt(process).Findings()[0].Label == verdict.Leak {
				high = mid
			} else {
				low = mid
			}
		}
		fmt.Fprintf(&b, "%s: %.0f MiB\n", name, math.Round(high))
	}
	return b.String()
}

// intervals says of each URI what its interval is held against: a leak's reaches not
// far above its growth, any other's up to its floor.
func intervals(s *hunttest.Script, _ *datadriven.TestData) string {
	var b strings.Builder
	for _, u := range s.State.URIs {
		f := s.State.Findings()[u.Index]
		low, high := f.Interval()
		switch f.Label {
		case verdict.Leak:
			fmt.Fprintf(&b, "%s: around its growth: %v, and close to it: %v\n", u.Name, low <= f.Growth && f.Growth <= high, high <= 1.5*f.Growth)
		default:
			fmt.Fprintf(&b, "%s: has a floor: %v, and reaches it: %v\n", u.Name, f.Detectable > 0, high >= f.Detectable)
		}
	}
	return b.String()
}

// rounds sends blocks, one for each line: PATH N.
func rounds(s *hunttest.Script, d *datadriven.TestData) string {
	for i, line := range strings.Split(d.Input, "\n") {
		var path string
		var n int
		if _, err := fmt.Sscan(line, &path, &n); err != nil {
			return err.Error()
		}
		s.Send(path, n, i+1)
	}
	return ""
}
