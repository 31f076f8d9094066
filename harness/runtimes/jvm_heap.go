package runtimes

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"leakhunt/harness/memory"
)

// heapRange is where the Java heap lies in the address space of a JVM, which keeps it
// for as long as it runs. Memory beyond it is native: direct buffers, stacks of
// threads, metaspace, compiled code, what libraries take from malloc.
type heapRange struct {
	from, to uint64
	shared   bool // it is shared memory, none of it anonymous
}

// heapBrackets are addresses as GC.heap_info prints them, reserved ones last:
// `[0x0000000687400000, 0x000000068f200000, 0x0000000704d50000)`. Some have no blanks.
var heapBrackets = regexp.MustCompile(`\[0x([0-9a-f]{1,16})(?:, ?0x[0-9a-f]{1,16})*, ?0x([0-9a-f]{1,16})\)`)

// parseHeapInfo finds where the heap lies in what GC.heap_info says. Serial, Parallel,
// G1 and Shenandoah tell; all that they tell addresses of is in one reservation. ZGC
// tells none: its heap is shared memory (zPhysicalMemoryBacking_linux.cpp).
func parseHeapInfo(text []byte) (h heapRange, ok bool) {
	for _, m := range heapBrackets.FindAllSubmatch(text, -1) {
		from, _ := strconv.ParseUint(string(m[1]), 16, 64) // 16 hexadecimal digits always fit
		to, _ := strconv.ParseUint(string(m[2]), 16, 64)
		if from >= to {
			continue
		}
		if !ok || from < h.from {
			h.from = from
		}
		h.to, ok = max(h.to, to), true
	}
	if !ok && strings.Contains(string(text), "ZHeap") {
		return heapRange{shared: true}, true
	}
	return h, ok
}

// findHeap looks where the heap lies; ok is false where that is not told, or where what
// the process has there may not be read.
func (j *JVM) findHeap(ctx context.Context) (ok bool) {
	text, err := j.jcmd(ctx, "GC.heap_info") // JDK 9
	if err != nil {
		return false
	}
	if j.heap, ok = parseHeapInfo(text); !ok {
		return false
	}
	_, err = j.held()
	return err == nil
}

// held is how much memory the heap takes, in bytes: what it has touched, which may be
// less than what it has committed.
func (j *JVM) held() (float64, error) {
	if j.heap.shared {
		return 0, nil
	}
	n, err := memory.AnonBetween(j.pid, j.heap.from, j.heap.to)
	return float64(n), err
}
