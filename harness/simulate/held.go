package simulate

import (
	"slices"

	"leakhunt/harness/record"
)

// thing is what a process holds beside memory.
type thing uint8

const (
	descriptor thing = 1 + iota
	socket
	thread
	child
	mapping
)

var things = [...]string{descriptor: "descriptor", socket: "socket", thread: "thread", child: "child", mapping: "mapping"}

// stackOf is what a thread takes beside its objects, in bytes.
const stackOf = 12 << 10

// holdings are what a process holds of each thing.
type holdings struct {
	base [mapping + 1]int64 // before the first request
	now  [mapping + 1]int64 // by its parts
	most int64              // descriptors: with as many open it answers nobody
	r    xorshift
}

// newHoldings are what small servers were seen to hold.
func newHoldings(s *spec, life int) holdings {
	d := newDraw(s.seed, 0x68656c64)
	h := holdings{most: pick(d, int64(1024), 1024, 4096, 20000, 1<<20), r: newXorshift(s.seed, 0x74687265+uint64(life))}
	if s.most > 0 {
		h.most = s.most
	}
	h.base = [...]int64{
		descriptor: int64(d.number(4, 50)), socket: int64(d.number(1, 6)), thread: int64(d.number(1, 40)), child: int64(d.IntN(2)),
		mapping: int64(d.number(30, 600)),
	}
	return h
}

func (h *holdings) total(t thing) int64 { return h.base[t] + h.now[t] }

// open is how many descriptors are open.
func (h *holdings) open() int64 { return h.total(descriptor) + h.total(socket) }

// full says that no descriptor is left to answer a request.
func (h *holdings) full() bool { return h.open() >= h.most }

// hold has n more of a part's things, or fewer.
func (p *process) hold(s *state, n int64) {
	p.held.now[s.holds] += n
	if s.holds == thread {
		p.mapped += n * stackOf
	}
}

// counts is a reading: connections are closed late, and threads come and go.
func (p *process) counts() record.Counts {
	h := &p.held
	var off [mapping + 1]int64
	for t := range off {
		if h.r.chance(8) {
			off[t] = h.r.below(5) - 2
		}
	}
	of := func(t thing) int64 { return max(0, h.total(t)+off[t]) }
	return record.Counts{
		Descriptors: int(of(descriptor) + of(socket)), Sockets: int(of(socket)), Threads: int(max(1, of(thread))),
		Children: int(of(child)), Mappings: int(of(mapping)),
	}
}

// thing is what an entry holds, by its name.
func (w *words) thing() thing {
	word := w.one(things[1:]...)
	return thing(max(0, slices.Index(things[:], word)))
}
