package reduce

import (
	"context"
	"math"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
	"leakhunt/harness/units"
)

const (
	// leastRounds is how often a test repeats a subset, at least.
	leastRounds = 30
	// warmRounds go ahead: they load, compile and cache.
	warmRounds = 2 * leastRounds
	// stretches are how many times the whole is tested in a row before the search.
	stretches = 6
	// leastShare of what the whole grows by makes a subset one that leaks: two or three
	// leaks of one size are found as well as one.
	leastShare = 0.3
	// contrast is how many times a reading's scatter a test's growth must be.
	contrast = 8
	// growRSS is what a test grows RSS by, at least, in bytes: eight times the quantum
	// in which glibc grows a heap.
	growRSS = 8 << 17
)

// gauge is what growth is read by.
type gauge struct {
	name, unit string
	column     int     // of the counter; -1: RSS
	inBytes    int     // the column that is told to people; -1: RSS
	growth     float64 // of the whole, in unit per round
	rounds     int     // of a test
}

func (g *gauge) of(from, to record.Edge) float64 { return read(g.column, to) - read(g.column, from) }

func (g *gauge) bytes(from, to record.Edge) float64 {
	return read(g.inBytes, to) - read(g.inBytes, from)
}

// amount is a growth as people read it.
func (g *gauge) amount(v float64) string {
	if g.unit == "bytes" {
		return units.Bytes(v)
	}
	return units.Quantity(v, g.unit)
}

// read is a column of an edge, the metric for -1.
func read(column int, e record.Edge) float64 {
	if column < 0 {
		return float64(e.Metric)
	}
	return e.Counter(column)
}

// whole tests the whole flow until it is clear what it grows by, with more rounds where
// few do not tell.
func (m *minimizer) whole(ctx context.Context, all []int) error {
	if err := m.do(ctx, record.Measure{}); err != nil {
		return err
	}
	fresh := m.edge
	if err := m.send(ctx, all, warmRounds); err != nil {
		return err
	}
	if err := m.broken(); err != nil {
		return err
	}
	if err := m.do(ctx, record.Measure{}); err != nil {
		return err
	}
	rose := m.rise(fresh, m.edge) // in the warm-up
	rounds, sent := leastRounds, warmRounds
	for _, more := range [...]int{1, 4, 4, 4} {
		if rounds *= more; rounds*stretches > mostRounds(m.opened, len(all)) && more > 1 {
			break
		}
		edges := []record.Edge{m.edge}
		for range stretches {
			if err := m.send(ctx, all, rounds); err != nil {
				return err
			}
			if err := m.do(ctx, record.Measure{}); err != nil {
				return err
			}
			edges = append(edges, m.edge)
		}
		sent += rounds * stretches
		if g, ok := choose(m.opened, edges, rounds); ok {
			m.gauge = g
			return nil
		}
		rose = max(rose, m.rise(edges[0], edges[1]))
	}
	hint := "leakhunt run tells which URIs leak by themselves."
	if rose > growRSS {
		return fault.Measuref("the whole grew the process by %s at first, and its leak does not repeat: later rounds add nothing (%s in all)",
			units.Bytes(rose), units.Quantity(float64(sent), "rounds")).WithHint("That is a warm-up or a cache that is full, and no leak. %s", hint)
	}
	return fault.Measuref("nothing leaks: the whole, sent %s, does not grow the process", units.Quantity(float64(sent), "times")).WithHint("%s", hint)
}

// mostRounds is how often the whole is sent before nothing is said to leak: a counter
// tells sooner than RSS.
func mostRounds(o record.Opened, steps int) int {
	if o.Counter != "" {
		return 1000
	}
	return max(1000, 60_000/max(1, steps))
}

func (m *minimizer) rise(from, to record.Edge) float64 {
	g := gauge{inBytes: inBytes(m.opened)}
	return g.bytes(from, to)
}

// inBytes is the first column of a counter that counts bytes; -1 without one.
func inBytes(o record.Opened) int {
	for i, c := range o.Columns {
		if c.Unit == "bytes" {
			return i
		}
	}
	return -1
}

// choose is the column that tells most clearly that the whole goes on growing; ok is
// false where none does. RSS tells where no counter sees it.
func choose(o record.Opened, edges []record.Edge, rounds int) (best gauge, ok bool) {
	clearest := 0.0
	for c, column := range o.Columns {
		g := gauge{name: column.Name, unit: column.Unit, column: c, inBytes: inBytes(o)}
		least := 64.0 // a round; what scatters is less
		if g.unit != "bytes" {
			least = 0.2
		}
		if told, is := g.tells(edges, rounds, least, 0); is && told > clearest {
			best, ok, clearest = g, true, told
		}
	}
	if !ok {
		best = gauge{name: "rss", unit: "bytes", column: -1, inBytes: -1}
		_, ok = best.tells(edges, rounds, 64, growRSS)
	}
	return best, ok
}

// tells says whether the column shows that the whole goes on growing, and how clearly.
// It fills in the growth per round, and how many rounds a test needs. least is growth a
// round, and need what a test must add: RSS grows in the quanta of an allocator.
func (g *gauge) tells(edges []record.Edge, rounds int, least, need float64) (clarity float64, ok bool) {
	mean, scatter, goes := steady(g.column, edges)
	g.growth, g.rounds = mean/float64(rounds), rounds
	if !goes || g.growth < least {
		return 0, false
	}
	for need = max(need, contrast*scatter); float64(g.rounds)*g.growth < need; {
		g.rounds *= 2
	}
	return mean / max(scatter, least), g.rounds <= 16*rounds
}

// steady says what a column grew by in a stretch, on average, how far stretches differ,
// and whether it goes on: all but one grew, and the later ones no less than half as
// much as the first.
func steady(column int, edges []record.Edge) (mean, scatter float64, goes bool) {
	n := len(edges) - 1
	var first, last float64
	up := 0
	for i := range n {
		d := read(column, edges[i+1]) - read(column, edges[i])
		mean += d / float64(n)
		if d > 0 {
			up++
		}
		if i < n/2 {
			first += d
		} else {
			last += d
		}
	}
	for i := range n {
		d := read(column, edges[i+1]) - read(column, edges[i]) - mean
		scatter += d * d / float64(n-1)
	}
	scatter = math.Sqrt(scatter)
	return mean, scatter, up >= n-1 && last >= first/2 && mean > 4*scatter/math.Sqrt(float64(n))
}

// unrepeated is the error of a search whose results contradict each other, or whose
// whole leaked no longer.
func (m *minimizer) unrepeated(ctx context.Context, all []int, tests int) error {
	grew, err := m.test(ctx, all)
	if err != nil {
		return err
	}
	if grew < leastShare*m.gauge.growth {
		return fault.Measuref("the leak does not repeat: the whole grew by %s a round at first, and by %s after %s",
			m.gauge.amount(m.gauge.growth), m.gauge.amount(grew), units.Quantity(float64(tests), "tests")).
			WithHint("A cache that is full by now, and no leak, looks like that. leakhunt run follows it further.")
	}
	return fault.Measuref("the whole leaks, and after %s no smaller part is sure to: their results contradict each other", units.Quantity(float64(tests), "tests")).
		WithHint("The leak may come with every so many requests, or by chance.")
}
