package target

import (
	"path/filepath"
	"slices"
	"strings"
)

// Ruby, Python and Perl take their memory from malloc. The C library keeps holes in the
// middle of its heap forever. So RSS of a Ruby server can stand still while 13 MB leak
// into them. jemalloc gives back every page as soon as nothing on it is alive
// (jemalloc(3): dirty_decay_ms:0); where it is installed, it is preloaded.
var purging = []string{"MALLOC_CONF=narenas:1,tcache:false,dirty_decay_ms:0,muzzy_decay_ms:0"}

// glibc is for the C library: one arena, and what is free goes back at once. Chunks
// that wait in the caches of a thread (tcache) and in fast bins are not joined with
// their neighbours. They keep the heap's end from being given back: both are switched
// off (mallopt(3), glibc manual "Memory Allocation Tunables").
var glibc = []string{
	"MALLOC_ARENA_MAX=1",
	"MALLOC_TRIM_THRESHOLD_=65536",
	"MALLOC_TOP_PAD_=0",
	"MALLOC_MMAP_THRESHOLD_=65536",
	"GLIBC_TUNABLES=glibc.malloc.mxfast=0:glibc.malloc.tcache_count=0",
}

// allocator is what makes malloc keep little back. An allocator that the user
// has preloaded is left to itself.
func allocator(runtime string, env []string, jemalloc string) []string {
	if !slices.Contains([]string{"ruby", "python", "perl"}, runtime) {
		return nil
	}
	preloaded, _ := lookup(env, "LD_PRELOAD")
	switch {
	case slices.ContainsFunc(allocators, func(name string) bool { return strings.Contains(preloaded, name) }):
		return nil
	case jemalloc != "":
		return append([]string{"LD_PRELOAD=" + jemalloc}, purging...)
	}
	return glibc
}

var allocators = []string{"jemalloc", "tcmalloc", "mimalloc"}

// findJemalloc is the path of jemalloc's library on this machine, "" without
// one: where Debian, Fedora, Alpine and a build from source put it.
func findJemalloc() string {
	for _, pattern := range []string{
		"/usr/local/lib/libjemalloc.so.2", "/usr/lib/*-linux-gnu*/libjemalloc.so.2",
		"/usr/lib64/libjemalloc.so.2", "/usr/lib/libjemalloc.so.2",
	} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

// Purging says that settings hold an allocator that gives back every page that
// holds nothing alive.
func Purging(settings []string) bool {
	return slices.ContainsFunc(settings, func(s string) bool { return strings.HasPrefix(s, "LD_PRELOAD=") })
}

// Tight are the settings, NAME=value, with which a process of this runtime keeps
// little back on this machine. There are none for a runtime that has no such settings.
func Tight(runtime string) []string {
	return slices.Concat(tightest(runtime), allocator(runtime, nil, findJemalloc()))
}

// Tightly are the settings of Tight where env has all of them, from us or from others;
// nil otherwise.
func Tightly(runtime string, env []string) []string {
	want := Tight(runtime)
	for _, setting := range want {
		name, value, _ := strings.Cut(setting, "=")
		have, _ := lookup(env, name)
		sep, several := lists[name]
		if !several {
			sep = "\x00"
		}
		options := strings.Split(have, sep)
		for option := range strings.SplitSeq(value, sep) {
			if !slices.Contains(options, option) {
				return nil
			}
		}
	}
	return want
}
