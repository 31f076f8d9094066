package session

import (
	"slices"
	"testing"

	"leakhunt/harness/record"
	"leakhunt/harness/runtimes"
)

// What a runtime says of memory beside what is alive is no counter of its own: it says how
// much native memory there is.
func TestSplit(t *testing.T) {
	alive := runtimes.Column{Name: "live bytes", Unit: "bytes", Exact: true}
	for name, c := range map[string]struct {
		columns []runtimes.Column
		values  []float64
		native  int64
	}{
		"alone":            {[]runtimes.Column{alive}, []float64{70}, 0},
		"held":             {[]runtimes.Column{alive, {Beside: runtimes.Held}}, []float64{70, 900}, 1000 + 30 - 900},
		"more than it has": {[]runtimes.Column{{Beside: runtimes.Held}, alive}, []float64{1100, 70}, 0},
		"native":           {[]runtimes.Column{{Beside: runtimes.Native}, alive}, []float64{55, 70}, 55},
	} {
		t.Run(name, func(t *testing.T) {
			e := record.Edge{RSS: 4000, Anon: 1000, Swap: 30}
			split(&e, c.columns, c.values)
			if !slices.Equal(e.Counters, []float64{70}) || e.Native != c.native {
				t.Errorf("counters %v and native %d, want [70] and %d", e.Counters, e.Native, c.native)
			}
			got, native, whole := columns(c.columns)
			if len(got) != 1 || got[0].Name != alive.Name || native != (len(c.columns) > 1) || whole != (native && name != "native") {
				t.Errorf("columns %v, native %v, whole %v", got, native, whole)
			}
		})
	}
}
