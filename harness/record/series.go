package record

import (
	"iter"
	"slices"
)

// Ticks is how many units of Readings.At make a second.
const Ticks = 10000

// Lethal is how many processes in a row a URI must have ended to be said to kill the
// process each time. It must have ended each with its first requests, GiveUp at most.
const Lethal = 2

// Block is a run of requests to one URI.
type Block struct {
	URI     int
	Purpose Purpose
	Round   int
	Life    int // index of the process
	Seq     int // counts the blocks of all URIs from 1: two in a row had nobody in between
	Planned int // requests that were meant to be sent
	Start   Edge
	End     Edge // of a block that was cut short the metric alone
	Cut     bool // it was cut short: nothing was counted at its end
	Metric  Numbers
	At      Numbers // in units of 1/Ticks s
	Latency Numbers // µs; 0: the request failed
	latency uint64  // all of them together, in µs
	Low     int64   // the least metric, the start included
	High    int64
	Failed  int // requests
}

// N is how many requests were sent.
func (b *Block) N() int { return b.Metric.Len() }

// took is how many seconds the i-th request took, with what was read before it.
func (b *Block) took(i int) float64 {
	began := b.Start.T
	if i > 0 {
		began = float64(b.At.At(i-1)) / Ticks
	}
	return float64(b.At.At(i))/Ticks - began
}

// Rise is what the metric rose by, in bytes.
func (b *Block) Rise() int64 { return b.End.Metric - b.Start.Metric }

// Sending is how many seconds its requests took.
func (b *Block) Sending() float64 {
	if n := b.N(); n > 0 {
		return max(0, float64(b.At.At(n-1))/Ticks-b.Start.T)
	}
	return 0
}

func (b *Block) finish(e Edge) { b.End, b.Cut = e, false }

func (b *Block) add(e Readings, anon bool) {
	for i, m := range e.Metric {
		b.Metric.add(m)
		b.At.add(int64(e.At[i]))
		b.Latency.add(int64(e.Latency[i]))
		b.Low, b.High = min(b.Low, m), max(b.High, m)
		if e.Latency[i] == 0 {
			b.Failed++
		}
		b.latency += uint64(e.Latency[i])
	}
	if n := b.N(); n > 0 {
		b.End = Edge{T: float64(b.At.At(n-1)) / Ticks, RSS: b.Start.RSS, Anon: b.Start.Anon, Swap: b.Start.Swap, Metric: b.Metric.At(n - 1)}
		if !anon {
			b.End.RSS = b.End.Metric
		}
	}
}

// Series is all that is known of one URI in one segment.
type Series struct {
	Item
	Index   int      // in Header.Items
	Blocks  []*Block // judged ones: see Purpose.Judged
	Others  []*Block // the rest: warm-up, retests and so on
	Errors  int      // failed requests of judged blocks, and in groups
	Sent    int      // every request
	Dropped int      // judged requests that are judged no more: see Anew
	Served  int      // requests that the present process has answered
	Deaths  int      // processes in a row that ended with its first requests
	Broken  bool     // the requests themselves fail: no more are sent
	InARow  int      // failures after which that was so
	First   string   // the first failure
	Answers Answers
	// Touched is the touched set since it began anew last, without what it grew by
	// while others ran.
	Touched []Touch

	failing int     // failures in a row
	stalled float64 // seconds that they took
	base    int     // requests before the open block since the touched set began anew
	last    lastTouch
}

// lastTouch is the last reading of the touched set.
type lastTouch struct {
	seq    int   // the block that it was made in
	bytes  int64 // what it said
	others int64 // what of that came while others ran
}

// add notes a reading in the block, and returns it without what came while others ran.
func (o *lastTouch) add(seq int, t Touch) Touch {
	if seq > o.seq+1 {
		o.others += t.Bytes - o.bytes
	}
	o.seq, o.bytes = seq, t.Bytes
	t.Bytes -= o.others
	return t
}

func (s *Series) reborn() {
	s.failing, s.stalled, s.Served, s.Touched = 0, 0, 0, nil
}

func (s *Series) begin(b *Block, touched *int64) {
	if b.Purpose.Judged() {
		s.Blocks = append(s.Blocks, b)
	} else {
		s.Others = append(s.Others, b)
	}
	if touched != nil {
		s.Touched = []Touch{{Bytes: *touched}}
		s.last = lastTouch{seq: b.Seq, bytes: *touched}
	}
	s.base = 0
	if n := len(s.Touched); n > 0 {
		s.base = s.Touched[n-1].After
	}
}

// Anew drops what was judged: it says nothing of the present process.
func (s *Series) Anew() { s.Blocks, s.Errors, s.Dropped = nil, 0, s.Dropped+s.Requests() }

func (s *Series) forget(b *Block) {
	is := func(o *Block) bool { return o == b }
	s.Blocks = slices.DeleteFunc(s.Blocks, is)
	s.Others = slices.DeleteFunc(s.Others, is)
}

func (s *Series) add(b *Block, e Readings) {
	first := b.N() - len(e.Latency)
	for i, us := range e.Latency {
		s.Sent++
		if us > 0 {
			s.failing, s.stalled = 0, 0
			s.Served++
			continue
		}
		s.failing++
		s.stalled += b.took(first + i)
		if b.Purpose.Judged() || b.Purpose == Scan {
			s.Errors++
		}
		if !s.Broken && Hopeless(s.failing, s.stalled) {
			s.Broken, s.InARow = true, s.failing
		}
	}
	for _, t := range e.Touched {
		t = s.last.add(b.Seq, t)
		s.Touched = append(s.Touched, Touch{After: s.base + t.After, Bytes: t.Bytes})
	}
	s.Answers.add(e.Answers)
}

// died notes that the process ended while it was to answer this URI.
func (s *Series) died() {
	if s.Served >= GiveUp {
		s.Deaths = 0
		return
	}
	s.Deaths++
	s.Broken = s.Broken || s.Deaths >= Lethal
}

// Requests is the number of judged requests.
func (s *Series) Requests() (n int) {
	for _, b := range s.Blocks {
		n += b.N()
	}
	return n
}

// Picked is the number of judged requests in the blocks that are picked. A nil pick is all.
func (s *Series) Picked(pick Pick) (n int) {
	for _, b := range s.Blocks {
		if pick == nil || pick(b) {
			n += b.N()
		}
	}
	return n
}

// Scanned is the number of requests that it got in groups.
func (s *Series) Scanned() (n int) {
	for _, b := range s.Others {
		if b.Purpose == Scan {
			n += b.N()
		}
	}
	return n
}

// Counted is the number of judged requests with a count at both edges of their
// block.
func (s *Series) Counted() (n int) {
	for _, b := range s.Blocks {
		if !b.Cut {
			n += b.N()
		}
	}
	return n
}

// Pick chooses blocks.
type Pick func(*Block) bool

// Joined is the metric over the URI's own judged blocks end to end, in bytes: the
// change while others ran is taken out, so it is no reading of any moment. Where
// a URI's own blocks fall forever, since it collects what others left, the series
// is lifted to stay above least. A nil pick is all blocks.
func (s *Series) Joined(pick Pick, least float64) []float64 {
	mem := make([]float64, 0, s.Picked(pick))
	var level, lowest float64
	for _, b := range s.Blocks {
		if pick != nil && !pick(b) {
			continue
		}
		base := float64(b.Start.Metric)
		if len(mem) == 0 {
			level, lowest = base, base
		}
		last := base
		for m := range b.Metric.All() {
			last = float64(m)
			mem = append(mem, level+last-base)
			lowest = min(lowest, level+last-base)
		}
		level += last - base
	}
	if lowest < least {
		for i := range mem {
			mem[i] += least - lowest
		}
	}
	return mem
}

// Rows are the metric over the URI's judged blocks, in bytes, those joined between
// which nobody else ran.
func (s *Series) Rows() (rows [][]float64) {
	seq := -1
	for _, b := range s.Blocks {
		if b.Seq != seq+1 || rows == nil {
			rows = append(rows, nil)
		}
		seq = b.Seq
		last := &rows[len(rows)-1]
		for m := range b.Metric.All() {
			*last = append(*last, float64(m))
		}
	}
	return rows
}

// Latencies are those of the answered judged requests, in µs; of those that came in
// groups where there are no others.
func (s *Series) Latencies() []uint32 {
	var out []uint32
	for b := range s.timed() {
		for us := range b.Latency.All() {
			if us > 0 {
				out = append(out, uint32(us)) //nolint:gosec // as it came
			}
		}
	}
	return out
}

// Latency is the mean of Latencies, in seconds; 0 where nothing was answered.
func (s *Series) Latency() float64 {
	var sum uint64
	n := 0
	for b := range s.timed() {
		sum += b.latency
		n += b.N() - b.Failed
	}
	return float64(sum) / 1e6 / float64(max(1, n))
}

// timed are the blocks whose latencies count.
func (s *Series) timed() iter.Seq[*Block] {
	blocks := s.Blocks
	if len(blocks) == 0 {
		blocks = s.Others
	}
	return func(yield func(*Block) bool) {
		for _, b := range blocks {
			if (b.Purpose.Judged() || b.Purpose == Scan) && !yield(b) {
				return
			}
		}
	}
}

func (a *Answers) add(b Answers) {
	if len(b.Status) > 0 && a.Status == nil {
		a.Status = map[int]int{}
	}
	for s, n := range b.Status {
		a.Status[s] += n
	}
	a.Bytes += b.Bytes
}

// N is the number of answers.
func (a Answers) N() (n int) {
	for _, k := range a.Status {
		n += k
	}
	return n
}

// Usual is the status of most answers.
func (a Answers) Usual() (status int) {
	for s, n := range a.Status {
		if n > a.Status[status] || n == a.Status[status] && s < status {
			status = s
		}
	}
	return status
}

// Like says that both are mostly of one status, and about as long.
func (a Answers) Like(b Answers) bool {
	const room = 64 // bytes: a counter in a page may be longer
	x, y := float64(a.Bytes)/float64(max(1, a.N())), float64(b.Bytes)/float64(max(1, b.N()))
	return a.Usual() == b.Usual() && x <= 2*y+room && y <= 2*x+room
}
