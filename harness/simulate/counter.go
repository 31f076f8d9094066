package simulate

import (
	"math"

	"leakhunt/harness/record"
)

// column is a counter's column, and how a reading of it scatters.
type column struct {
	record.Column
	// shift is the largest standard deviation of one reading that was measured,
	// in the column's unit.
	shift float64
}

func objects(name string, shift float64) column {
	return column{record.Column{Name: name, Unit: "objects", Exact: true}, shift}
}

func inBytes(native bool, shift float64) column {
	return column{record.Column{Name: "live bytes", Unit: "bytes", Exact: true, Native: native}, shift}
}

// columns are those of each counter as package runtimes names them.
var columns = map[string][]column{
	"ruby agent":           {objects("live objects", 0.5), inBytes(false, 60)},
	"ruby puma":            {objects("live objects", 0.5)},
	"python agent":         {objects("live blocks", 1.5), inBytes(true, 300)},
	"node agent":           {objects("live objects", 2), inBytes(false, 6000)},
	"node inspector":       {objects("live objects", 2), inBytes(false, 6000)},
	"go pprof":             {inBytes(false, 3000), objects("live objects", 6), {record.Column{Name: "goroutines", Unit: "goroutines", Exact: true}, 0}},
	"java class histogram": {objects("live objects", 30), inBytes(false, 1500)},
}

func (s *spec) columns() []column { return columns[s.runtime+" "+s.counter] }

// nativeShift is the largest standard deviation, in bytes, of a reading of native
// memory: what the process has beyond what the runtime says to have for itself.
// Counters that do not say that are not in it. Ruby's is of malloc's own figures; the
// others' is of memory that is held and not touched, and of what a JVM compiles.
var nativeShift = map[string]float64{"ruby agent": 6 << 10, "node agent": 40 << 10, "go pprof": 40 << 10, "java class histogram": 40 << 10}

// beyond is such a reading.
func (p *process) beyond() int64 {
	shift, ok := nativeShift[p.spec.runtime+" "+p.spec.counter]
	if !ok {
		return 0
	}
	taken := p.malloc.res + p.mapped
	if p.spec.runtime == "ruby" {
		taken = p.native
	}
	native := taken + nativeRest + int64(p.scar.scale*shift*p.r.normal())
	held := float64(p.anon() - native)
	if p.scar.held == 0 {
		p.scar.held = held
	}
	for _, f := range p.doom.faults {
		switch {
		case p.readings <= f.at:
			p.scar.held = held
		case f.trouble == stuck:
			held = p.scar.held
		case f.trouble == falls:
			held *= 1 - p.scar.fell
		case f.trouble == lies:
			held *= 1 + float64(f.by)/100*(2*p.r.unit()-1)
		}
	}
	return max(0, p.anon()-int64(held))
}

// nativeRest is what any process has of its own, in bytes.
const nativeRest = 6 << 20

// settledShift is the largest standard deviation of settled RSS, in bytes.
const settledShift = 100 << 10

// scatter is what makes readings of the counter differ from what is alive.
type scatter struct {
	scale float64 // share of the largest scatter that was measured
	freed amount  // since the last reading: a late counter still counts it
	first []float64
	fell  float64 // the share that a counter which falls has lost
	held  float64 // what the runtime had for itself before a fault, in bytes
}

// survivor is what is kept by accident now and then.
var survivors = map[string]amount{
	"ruby": {120, 1}, "python": {250, 3}, "php": {250, 3}, "node": {300, 1}, "go": {100, 1}, "java": {100, 2},
}

// lingering is how often a URI's requests leave a survivor behind: up to 40 of
// them at first, then with 6 requests in 100 at most, which fades.
type lingering struct {
	left   int64   // of the first ones
	often  float64 // of requests, at first
	chance uint64  // of 2^32, now
}

func newLingering(d draw, scale float64) lingering {
	return lingering{left: int64(d.between(0, 40) * scale), often: d.between(0, 0.06) * scale}
}

func (p *process) linger(u *route) {
	l := &u.linger
	if u.n&63 == 1 {
		l.chance = uint64(l.often * 250 / float64(250+u.n) * (1 << 32))
	}
	v := p.r.next()
	switch {
	case l.left > 0 && v&3 == 0:
		l.left--
	case v>>32 >= l.chance:
		return
	}
	a := survivors[p.spec.runtime]
	p.live.add(1, a.bytes, a.objects)
	p.did.kept[0] += a.bytes
	p.did.objects.kept += a.objects
	p.stray.add(1, a.bytes, a.objects)
}

// count is a reading of the counter after a full collection; false where it gives
// no answer.
func (p *process) count() (values []float64, ok bool) {
	p.readings++
	p.age()
	p.heap.settle(p)
	p.stir = int64(p.scar.scale * settledShift * p.r.normal())
	values = make([]float64, 0, 3)
	for _, c := range p.spec.columns() {
		v := p.seen(c)
		if c.shift > 0 {
			v += p.scar.scale * c.shift * p.r.normal()
		}
		values = append(values, math.Max(0, math.Round(v)))
	}
	p.scar.freed = amount{}
	return values, p.lie(values)
}

// seen is what a column sees of what is alive.
func (p *process) seen(c column) float64 {
	live := p.live
	if p.spec.late {
		live.add(1, p.scar.freed.bytes, p.scar.freed.objects)
	}
	switch {
	case c.Unit == "goroutines":
		return float64(goroutines + p.threads)
	case c.Unit == "objects":
		return float64(live.objects)
	case c.Native:
		return float64(live.bytes + p.threads*stack + p.native)
	}
	return float64(live.bytes + p.threads*stack)
}

// goroutines are those of any server.
const goroutines = 6

// lie changes a reading by the counter's faults; false where it gives no answer.
func (p *process) lie(values []float64) bool {
	if p.scar.first == nil {
		p.scar.first = values
	}
	for _, f := range p.doom.faults {
		if p.readings <= f.at {
			p.scar.first = append([]float64(nil), values...)
			continue
		}
		switch f.trouble {
		case hangs:
			return false
		case stuck:
			copy(values, p.scar.first)
		case falls:
			p.scar.fell = 1 - (1-p.scar.fell)*(1-float64(f.by)/100)
			for i := range values {
				values[i] = math.Round(values[i] * (1 - p.scar.fell))
			}
		case lies:
			for i := range values {
				values[i] = math.Round(values[i] * (1 + float64(f.by)/100*(2*p.r.unit()-1)))
			}
		}
	}
	return true
}
