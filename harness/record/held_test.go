package record

import (
	"slices"
	"testing"
)

// What a process holds beside memory becomes columns behind those of the runtime, and a
// socket is counted once. A reading without it, as those of older journals, has none.
func TestHeldColumns(t *testing.T) {
	counts := Counts{Descriptors: 9, Sockets: 4, Threads: 3, Children: 2, Mappings: 50}
	held := []float64{5, 4, 3, 2, 50}
	for name, tt := range map[string]struct {
		columns []Column
		edge    Edge
		want    []float64
	}{
		"beside a counter":        {[]Column{{Name: "live bytes", Unit: "bytes"}}, Edge{Counters: []float64{70}, Counts: counts}, append([]float64{70}, held...)},
		"alone":                   {nil, Edge{Counts: counts}, held},
		"the counter is not read": {[]Column{{Name: "live bytes", Unit: "bytes"}}, Edge{Counts: counts}, nil},
		"older":                   {nil, Edge{Counters: nil}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewLog(Header{Items: []Item{{}}})
			for _, e := range []Event{Opened{Columns: tt.columns}, Read{Edge: tt.edge}, Read{Edge: tt.edge}} {
				if err := l.Append(e); err != nil {
					t.Fatal(err)
				}
			}
			if got := l.Reading.Counters; !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
			n := len(tt.columns)
			if tt.edge.Counts != (Counts{}) {
				n += len(held)
			}
			if got := l.Life().Columns; len(got) != n || l.Life().Holds != tt.edge.Counts {
				t.Errorf("columns %v, and %+v", got, l.Life().Holds)
			}
		})
	}
	if counts.Of("sockets") != 9 || counts.Of("processes") != 2 || !HeldUnit("mappings") || HeldUnit("bytes") {
		t.Error("of their limits", counts.Of("sockets"), counts.Of("processes"))
	}
}
