package runtimes

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// most is the memory, in bytes, that a hostile answer may cost in all.
const most = 48 << 20

// costs is what f allocates in all, which is more than it holds at any moment.
func costs(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestGzipBomb: a heap profile that unpacks to 64 MiB is refused by name, in little
// memory.
func TestGzipBomb(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, _ = z.Write(zeros)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	took := costs(func() { _, err = parseProfile(b.Bytes()) })
	if err == nil || !strings.Contains(err.Error(), "the heap profile is longer than 5") {
		t.Errorf("%v", err)
	}
	if took > 2*most { // what io.ReadAll outgrows is counted too
		t.Errorf("%d MiB", took>>20)
	}
}

func TestManyCounters(t *testing.T) {
	for _, n := range []int{maxCounters, maxCounters + 1, 50_000} {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`{"name":"n%d","unit":"bytes","value":1}`, i))
		}
		ans, err := parseAnswer(fmt.Appendf(nil, `{"leakhunt":%d,"counters":[%s]}`, protocol, strings.Join(all, ",")))
		if err != nil {
			t.Fatal(err)
		}
		columns, _, err := ans.counters()
		if (err != nil) != (n > maxCounters) || len(columns) > maxCounters {
			t.Errorf("%d counters: %d columns, %v", n, len(columns), err)
		}
	}
}

func TestManySamples(t *testing.T) {
	var b bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintf(&b, "live{i=\"%d\"} 1\nother{i=\"%[1]d\"} 1\n", i)
	}
	b.WriteString("few 7\n")
	if _, err := prometheusValue(b.Bytes(), "live"); err == nil || !strings.Contains(err.Error(), "the metric live is longer than 1") {
		t.Errorf("%v", err)
	}
	if v, err := prometheusValue(b.Bytes(), "few"); v != 7 || err != nil {
		t.Errorf("a metric beside it: %v, %v", v, err)
	}
}
