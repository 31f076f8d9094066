package session

import (
	"math"
	"time"

	"leakhunt/harness/load"
	"leakhunt/harness/record"
)

const (
	// flushEvery is how often readings are emitted, at least: a run that is killed
	// loses no more than that.
	flushEvery = 250 * time.Millisecond
	// mostReadings is how many there are in one event, at most: half a megabyte.
	mostReadings = 1 << 15
)

// batch collects what is seen of the requests of a block, until it is emitted.
type batch struct {
	s       *Session
	left    int       // requests of the block that are still to come
	since   time.Time // when the last readings were emitted
	metric  []int64
	at      []uint32
	latency []uint32
	bytes   int64
	sent    int
	failure string
	touched []record.Touch

	// Most answers have the status of the one before: those are counted without a
	// look into the map.
	statuses map[int]int
	status   int
	same     int
	size     int // readings of the batch before
}

// add takes up one request with what was read after it.
func (b *batch) add(metric int64, now time.Time, res *load.Result) {
	if b.metric == nil {
		b.make()
	}
	b.left--
	b.metric = append(b.metric, metric)
	b.at = append(b.at, uint32(min(math.MaxUint32, b.s.elapsed(now)/(time.Second/record.Ticks))))
	if !res.OK() {
		b.latency = append(b.latency, 0)
		return
	}
	b.latency = append(b.latency, uint32(max(1, min(math.MaxUint32, res.Latency.Microseconds()))))
	b.bytes += res.Bytes
	if res.Status != b.status {
		b.count()
		b.status = res.Status
	}
	b.same++
}

// make makes room for about as many readings as there were in the batch before.
func (b *batch) make() {
	n := max(0, min(b.left, max(64, b.size+b.size/8), mostReadings))
	b.metric, b.at, b.latency = make([]int64, 0, n), make([]uint32, 0, n), make([]uint32, 0, n)
}

func (b *batch) count() {
	if b.same == 0 {
		return
	}
	if b.statuses == nil {
		b.statuses = map[int]int{}
	}
	b.statuses[b.status] += b.same
	b.same = 0
}

// failed keeps the text of the first failure.
func (b *batch) failed(res *load.Result) {
	if b.failure == "" {
		b.failure = failureText(res)
	}
}

// touch reads the touched set after so many requests of the block.
func (b *batch) touch(after int) {
	if bytes, ok := b.s.touch(); ok {
		b.touched = append(b.touched, record.Touch{After: after, Bytes: bytes})
	}
}

// flush emits what was collected. The receiver keeps the slices.
func (b *batch) flush() {
	b.count()
	if len(b.metric) > 0 || b.sent > 0 || b.failure != "" || len(b.touched) > 0 {
		b.s.emit(record.Readings{
			Metric: b.metric, At: b.at, Latency: b.latency, Answers: record.Answers{Status: b.statuses, Bytes: b.bytes},
			Sent: b.sent, Failure: b.failure, Touched: b.touched,
		})
	}
	*b = batch{s: b.s, left: b.left, since: b.since, size: len(b.metric)}
}
