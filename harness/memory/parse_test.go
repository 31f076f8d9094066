package memory

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const statusText = "Name:\tpuma: a (b)\nUmask:\t0022\nState:\tS (sleeping)\nVmPeak:\t  999 kB\nVmHWM:\t  2000 kB\nVmRSS:\t  1500 kB\n" +
	"RssAnon:\t    1024 kB\nRssFile:\t     476 kB\nVmSwap:\t       0 kB\nTHP_enabled:\t1\nThreads:\t5\n"

const rollupText = "55e0c0000000-7ffd00000000 ---p 00000000 00:00 0                          [rollup]\n" +
	"Rss:                5308 kB\nPss:                1200 kB\nPss_Anon:            900 kB\nReferenced:         5000 kB\nAnonymous:           988 kB\nSwap:                 12 kB\nSwapPss:              12 kB\n"

func TestField(t *testing.T) {
	for _, tc := range []struct {
		text, name string
		want       int64
		bad        string
	}{
		{statusText, "VmHWM", 2000 << 10, ""},
		{statusText, "RssAnon", 1 << 20, ""},
		{statusText, "VmSwap", 0, ""},
		{rollupText, "Rss", 5308 << 10, ""},
		{rollupText, "Anonymous", 988 << 10, ""},
		{rollupText, "Swap", 12 << 10, ""},
		{statusText, "Rss", 0, "no Rss"},
		{"", "Rss", 0, "no Rss"},
		{statusText, "Name", 0, "not in kB"},
		{"Rss: 5 MB\n", "Rss", 0, "not in kB"},
		{"Rss: 5\n", "Rss", 0, "not in kB"},
		{"Rss: x kB\n", "Rss", 0, "no size"},
		{"Rss: -5 kB\n", "Rss", 0, "no size"},
		{"Rss: 9223372036854775807 kB\n", "Rss", 0, "no size"},
	} {
		got, err := field([]byte(tc.text), tc.name)
		if got != tc.want || (err == nil) != (tc.bad == "") || err != nil && !strings.Contains(err.Error(), tc.bad) {
			t.Errorf("%s: %d, %v", tc.name, got, err)
		}
	}
}

func TestResident(t *testing.T) {
	for text, want := range map[string]int64{
		"1000 250 1 1 0 1 0\n":           250 << 12,
		"0 0 0 0 0 0 0\n":                0,
		"1 2251799813685247 1 1 0 1 0\n": 2251799813685247 << 12, // the most that fits
		"1 2251799813685248 1 1 0 1 0\n": -1,
		"1 99999999999999999999 1\n":     -1,
		"1 -5 1\n":                       -1,
		"1 5\n":                          -1,
		"1 5":                            -1,
		"1  5 1\n":                       -1,
		"1":                              -1,
		"":                               -1,
	} {
		got, err := resident([]byte(text), 4096)
		if err != nil && got == 0 {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestRSSError(t *testing.T) {
	for _, tc := range []struct {
		release       string
		threads, cpus int
		want          int64
	}{
		{"5.10.0-23-amd64", 4, 2, 4 * 64 * 4096},
		{"6.1.0", 0, 2, 64 * 4096},
		{"6.2.0", 9, 2, 3 * 32 * 2 * 4096},
		{"6.8.0-45-generic", 1, 250, 3 * 500 * 250 * 4096},
		{"6.17.1", 9, 250, 0},
		{"7.0-rc1", 1, 2, 0},
		{"", 1, 2, 3 * 32 * 2 * 4096},
		{"linux", 1, 2, 3 * 32 * 2 * 4096},
	} {
		if got := rssError(tc.release, tc.threads, tc.cpus, 4096); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.release, got, tc.want)
		}
	}
}

func TestAllocator(t *testing.T) {
	row := func(path string) string { return "7f00-7f10 r-xp 00000000 08:01 123    " + path + "\n" }
	glibc := row("/usr/lib/x86_64-linux-gnu/libc.so.6")
	for _, tc := range []struct{ maps, want string }{
		{glibc + row("[heap]"), "glibc"},
		{row("/lib/x86_64-linux-gnu/libc-2.31.so"), "glibc"},
		{glibc + row("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"), "jemalloc"},
		{row("/usr/lib/libtcmalloc_minimal.so.4 (deleted)") + glibc, "tcmalloc"},
		{glibc + row("/opt/my app/libmimalloc.so.2.1"), "mimalloc"},
		{row("/lib/ld-musl-x86_64.so.1"), "musl"},
		{row("/usr/bin/static"), "unknown"},
		{row("/home/libjemalloc/bin/app"), "unknown"},
		{"", "unknown"},
	} {
		if got := allocator([]byte(tc.maps)); got != tc.want {
			t.Errorf("%q: %s, want %s", tc.maps, got, tc.want)
		}
	}
}

func TestSmallParsers(t *testing.T) {
	for list, want := range map[string]int{"0\n": 1, "0-3,8\n": 5, "": 0, "a": 0, "3-1": 0, "0-99999999": 0} {
		if got := countCPUs([]byte(list)); got != want {
			t.Errorf("%q: %d CPUs, want %d", list, got, want)
		}
	}
	for text, want := range map[string]string{"always [madvise] never\n": "madvise", "[always": "", "": "", "always": ""} {
		if got := chosen([]byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestLimit(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/memory.max":                          "max\n",
		"a/b/memory.max":                        "2097152\n",
		"a/b/c/memory.max":                      "4194304\n",
		"memory/old/memory.limit_in_bytes":      "1048576\n",
		"memory/free/memory.limit_in_bytes":     "9223372036854771712\n",
		"memory/nonsense/memory.limit_in_bytes": "lots\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for groups, want := range map[string]int64{
		"0::/a/b/c\n":                        2 << 20,
		"0::/a\n":                            0,
		"0::/none\n":                         0,
		"0::/../../a/b\n":                    2 << 20,
		"5:cpu:/x\n3:cpuset,memory:/old\n":   1 << 20,
		"3:memory:/free\n":                   0,
		"3:memory:/nonsense\n":               0,
		"0::/a/b/c\n3:memory:/old\n1:x:/y\n": 1 << 20,
		"no cgroup":                          0,
	} {
		if got := limit(root, []byte(groups)); got != want {
			t.Errorf("%q: %d, want %d", groups, got, want)
		}
	}
}

// FuzzParsers: no text makes a parser panic, or a figure that no memory has.
func FuzzParsers(f *testing.F) {
	for _, s := range []string{statusText, rollupText, "0-3,8", "6.1.0-18-amd64", "always [madvise] never", "7f-8f r-xp 0 0:0 1 /lib/libc.so.6\n", "1000 250 1 1 0 1 0\n"} {
		f.Add([]byte(s), "Rss")
	}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		if n, err := field(text, name); n < 0 || n%1024 != 0 || err != nil && n != 0 {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := resident(text, 4096); n < 0 || n%4096 != 0 || err != nil && n != 0 {
			t.Errorf("%d, %v", n, err)
		}
		if n := countCPUs(text); n < 0 {
			t.Errorf("%d CPUs", n)
		}
		if n := rssError(string(text), 1, 2, 4096); n < 0 {
			t.Errorf("an error of %d bytes", n)
		}
		if allocator(text) == "" {
			t.Error("no word for the allocator")
		}
		if n := limit("/nonexistent", text); n != 0 {
			t.Errorf("a limit of %d bytes from nothing", n)
		}
		chosen(text)
	})
}
