package simulate

import (
	"slices"
	"strconv"

	"leakhunt/harness/record"
)

// counterNames are the names of counters in a result, by their words in a text.
var counterNames = map[string]string{
	"agent": "agent", "inspector": "inspector", "pprof": "pprof", "puma": "puma", "histogram": "class histogram",
}

// counters are those that each runtime can have.
var counters = map[string][]string{
	"ruby": {"agent", "puma"}, "python": {"agent"}, "node": {"agent", "inspector"}, "go": {"pprof"}, "java": {"class histogram"},
}

// The settings of package target, as they stand in a process's environment.
var (
	tightSettings = map[string][]string{
		"ruby": {
			"RUBY_GC_HEAP_GROWTH_FACTOR=1.03", "RUBY_GC_MALLOC_LIMIT=250000", "RUBY_GC_MALLOC_LIMIT_MAX=500000",
			"RUBY_GC_OLDMALLOC_LIMIT=500000", "RUBY_GC_OLDMALLOC_LIMIT_MAX=1000000", "RUBY_GC_HEAP_OLDOBJECT_LIMIT_FACTOR=1.05",
		},
		"go":   {"GOGC=10", "GOMEMLIMIT=1"},
		"java": {javaOptions + " -Xms4m -Xmn2m -XX:MaxTenuringThreshold=0 -XX:MinHeapFreeRatio=0 -XX:MaxHeapFreeRatio=0 -XX:-ShrinkHeapInSteps -XX:MinHeapDeltaBytes=64k"},
		"node": {"NODE_OPTIONS=--max-semi-space-size=1 --require=/tmp/leakhunt-0/fullcollections.js"},
	}
	countedSettings = map[string][]string{
		"ruby": {
			"RUBY_GC_HEAP_GROWTH_FACTOR=1.03", "RUBY_GC_MALLOC_LIMIT=1000000", "RUBY_GC_MALLOC_LIMIT_MAX=2000000",
			"RUBY_GC_OLDMALLOC_LIMIT=2000000", "RUBY_GC_OLDMALLOC_LIMIT_MAX=4000000", "RUBY_GC_HEAP_OLDOBJECT_LIMIT_FACTOR=1.05",
		},
		"go":   {"GOGC=10"},
		"java": {javaOptions + " -Xms8m -Xmn4m -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10 -XX:SoftRefLRUPolicyMSPerMB=0"},
		"node": {"NODE_OPTIONS=--max-semi-space-size=1"},
	}
	glibcSettings = []string{
		"MALLOC_ARENA_MAX=1", "MALLOC_TRIM_THRESHOLD_=65536", "MALLOC_TOP_PAD_=0", "MALLOC_MMAP_THRESHOLD_=65536",
		"GLIBC_TUNABLES=glibc.malloc.mxfast=0:glibc.malloc.tcache_count=0",
	}
	jemallocSettings = []string{
		"LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2",
		"MALLOC_CONF=narenas:1,tcache:false,dirty_decay_ms:0,muzzy_decay_ms:0",
	}
)

const javaOptions = "JAVA_TOOL_OPTIONS=-XX:+IgnoreUnrecognizedVMOptions -XX:+UseSerialGC -XX:MarkSweepDeadRatio=0 -XX:TieredStopAtLevel=1"

// started says that the process was started for the run, with settings of ours.
func (s *spec) started() bool { return s.target == "command" || s.target == "demo" }

// mallocs says that the runtime takes its memory from the C library's malloc.
func (s *spec) mallocs() bool { return s.runtime == "ruby" || s.runtime == "python" }

// settings are those that the process got: all that make it tight, or those for
// a process whose runtime is asked; none for one as it comes.
func (s *spec) settings() []string {
	var set []string
	switch {
	case s.tight:
		set = tightSettings[s.runtime]
	case s.counter != "" && s.started():
		set = countedSettings[s.runtime]
	default:
		return nil
	}
	switch {
	case !s.mallocs():
	case s.jemalloc && s.tight:
		set = slices.Concat(set, jemallocSettings)
	default:
		set = slices.Concat(set, glibcSettings)
	}
	return set
}

// tightenable says that there are such settings for the runtime.
func (s *spec) tightenable() bool { return s.mallocs() || tightSettings[s.runtime] != nil }

// lean says that malloc gives back early what is free.
func (s *spec) lean() bool { return s.mallocs() && s.settings() != nil }

func (s *spec) facts() record.Facts {
	f := record.Facts{Allocator: "glibc", Tightenable: s.tightenable()}
	switch {
	case s.runtime == "go":
		f.Allocator = "unknown"
	case s.jemalloc:
		f.Allocator = "jemalloc"
	}
	switch {
	case s.gogc > 100:
		f.Deferring = []string{"GOGC=" + strconv.Itoa(s.gogc)}
	case s.tight:
		f.Tight = s.settings()
		f.Purging = s.jemalloc
	}
	return f
}
