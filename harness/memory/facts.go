package memory

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Facts are what one must know to trust the readings of a process.
type Facts struct {
	PageBytes   int    // size of a page
	Kernel      string // release, as uname -r
	CPUs        int    // online
	Threads     int    // of the process
	Descriptors int    // that it may have open at most; 0: not known
	HugePages   string // transparent huge pages of the system: "always", "madvise" or "never"; "" where unknown
	HugeAllowed bool   // the process may be given some without asking: RSS then grows by 2 MiB
	Swap        int64  // bytes of the process that are swapped out: RSS falls without a free
	// RSSError is by how many bytes RSS may be off at the worst, 0 where it is
	// exact. Exact is exact everywhere.
	RSSError  int64
	Allocator string // "glibc", "musl", "jemalloc", "tcmalloc", "mimalloc" or "unknown"
	Limit     int64  // memory limit of the process's cgroup in bytes; 0: none, or not readable
	Available int64  // what the machine has left for programs without swapping, in bytes; 0: not readable
}

// Facts reads what concerns the process, now. What cannot be read is left at
// its zero value; an error means that the process is lost.
func (m *Meter) Facts() (Facts, error) {
	if err := m.id.Check(); err != nil {
		return Facts{}, err
	}
	raw, err := m.readStatus()
	if err != nil {
		return Facts{}, err
	}
	f := Facts{PageBytes: os.Getpagesize(), Kernel: release(), CPUs: runtime.NumCPU(), Allocator: "unknown"}
	if v, ok := line(raw, "Threads"); ok {
		f.Threads, _ = strconv.Atoi(string(v))
	}
	f.Swap, _ = field(raw, "VmSwap")
	online, err := os.ReadFile("/sys/devices/system/cpu/online")
	if n := countCPUs(online); err == nil && n > 0 {
		f.CPUs = n
	}
	mode, _ := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	f.HugePages = chosen(mode)
	allowed, _ := line(raw, "THP_enabled")
	f.HugeAllowed = f.HugePages == "always" && string(allowed) == "1"
	if maps, err := os.ReadFile(m.path("maps")); err == nil {
		f.Allocator = allocator(maps)
	}
	if groups, err := os.ReadFile(m.path("cgroup")); err == nil {
		f.Limit = limit(cgroups, groups)
	}
	if limits, err := os.ReadFile(m.path("limits")); err == nil {
		f.Descriptors = mostOpen(limits)
	}
	if machine, err := os.ReadFile("/proc/meminfo"); err == nil {
		f.Available, _ = field(machine, "MemAvailable")
	}
	f.RSSError = rssError(f.Kernel, f.Threads, f.CPUs, f.PageBytes)
	return f, nil
}

// mostOpen is how many descriptors a process may have open, in the text of
// /proc/PID/limits; 0 where there is no limit.
func mostOpen(limits []byte) (n int) {
	for l := range bytes.Lines(limits) {
		if soft, ok := bytes.CutPrefix(l, []byte("Max open files")); ok {
			if f := bytes.Fields(soft); len(f) > 0 {
				n, _ = strconv.Atoi(string(f[0])) // "unlimited" is none
			}
		}
	}
	return n
}

// rssError bounds the error of /proc/PID/statm and status in bytes:
//
//   - before Linux 6.2 each thread keeps up to 64 pages to itself
//     (TASK_RSS_EVENTS_THRESH, mm/memory.c);
//   - from 6.2 on each of the three counters that make up RSS keeps up to a batch of
//     pages on each CPU: max(32, 2·CPUs) pages (lib/percpu_counter.c);
//   - from mid-2025 on (6.17 at the latest) the CPUs' shares are summed up for
//     the reader (fs/proc/task_mmu.c, get_mm_counter_sum). Distributions have that
//     in some older kernels, where this bound is then too careful.
//
// A release that cannot be read is taken for one of the second kind.
func rssError(release string, threads, cpus, page int) int64 {
	major, minor, ok := version(release)
	before := func(ma, mi int) bool { return ok && (major < ma || major == ma && minor < mi) }
	switch {
	case before(6, 2):
		return int64(64 * max(threads, 1) * page)
	case !ok || before(6, 17):
		return int64(3*max(32, 2*cpus)*cpus) * int64(page)
	}
	return 0
}

// version reads the "6.1" of "6.1.0-18-amd64".
func version(release string) (major, minor int, ok bool) {
	a, rest, found := strings.Cut(release, ".")
	b := rest
	if end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		b = rest[:end]
	}
	major, err1 := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(b)
	return major, minor, found && err1 == nil && err2 == nil && major >= 0
}

func release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// countCPUs counts a list such as "0-3,8".
func countCPUs(list []byte) int {
	n := 0
	for _, part := range strings.Split(strings.TrimSpace(string(list)), ",") {
		from, to, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		b := a
		if isRange && err == nil {
			b, err = strconv.Atoi(to)
		}
		const most = 1 << 16
		if err != nil || a < 0 || b < a || b > most {
			return 0
		}
		n += b - a + 1
	}
	return n
}

// chosen is the word in brackets of "always [madvise] never".
func chosen(text []byte) string {
	_, rest, ok := bytes.Cut(text, []byte("["))
	word, _, closed := bytes.Cut(rest, []byte("]"))
	if !ok || !closed {
		return ""
	}
	return string(word)
}

// allocator recognises malloc by the libraries in the text of /proc/PID/maps.
// One that is preloaded or linked beside the C library comes first; one that is
// linked into the program itself cannot be seen.
func allocator(maps []byte) string {
	found := map[string]bool{}
	for row := range bytes.Lines(maps) {
		at := bytes.IndexByte(row, '/')
		if at < 0 {
			continue
		}
		base := filepath.Base(strings.TrimSpace(string(row[at:])))
		for _, known := range [...]struct{ prefix, name string }{
			{"libjemalloc", "jemalloc"},
			{"libtcmalloc", "tcmalloc"},
			{"libmimalloc", "mimalloc"},
			{"ld-musl", "musl"},
			{"libc.musl", "musl"},
			{"libc.so.6", "glibc"},
			{"libc-2.", "glibc"},
		} {
			if strings.HasPrefix(base, known.prefix) {
				found[known.name] = true
			}
		}
	}
	for _, name := range [...]string{"jemalloc", "tcmalloc", "mimalloc", "musl", "glibc"} {
		if found[name] {
			return name
		}
	}
	return "unknown"
}
