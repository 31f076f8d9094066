package memory

import (
	"os"
	"strings"
	"testing"
	"unsafe"
)

// smaps is a part of what kernel 6.8 says of a JVM, shortened.
const smaps = `687400000-689300000 rw-p 00000000 00:00 0
Size:              31744 kB
Rss:               20000 kB
Anonymous:         19000 kB
AnonHugePages:         0 kB
Swap:               1000 kB
SwapPss:               0 kB
VmFlags: rd wr mr mw me ac sd
689300000-800000000 ---p 00000000 00:00 0
Size:            6132736 kB
Anonymous:             0 kB
Swap:                  0 kB
7f6ad4000000-7f6ad4021000 rw-p 00000000 00:00 0                          [heap]
Anonymous:           132 kB
Swap:                  0 kB
7f6ad4021000-7f6ad4022000 r-xp 00000000 08:01 7  /usr/lib/jvm/a-b c/lib/libjvm.so
Anonymous:             4 kB
`

func TestAnonBetween(t *testing.T) {
	const heap, end = 0x687400000, 0x800000000
	for _, c := range []struct {
		what     string
		from, to uint64
		want     int64
	}{
		{"the heap", heap, end, 20000 << 10},
		{"what touches its end", end - 1, end, 0},
		{"what touches its begin", heap, heap + 1, 20000 << 10},
		{"nothing", end, 0x7f6ad4000000, 0},
		{"all", 0, 1 << 63, 20136 << 10},
	} {
		if got, err := anonBetween(strings.NewReader(smaps), c.from, c.to); got != c.want || err != nil {
			t.Errorf("%s: %d, %v, want %d", c.what, got, err, c.want)
		}
	}
	for what, text := range map[string]string{
		"nothing": "", "no figures": "687400000-689300000 rw-p\nSize: 4 kB\n", "no size": "1-2 rw-p\nAnonymous: -4 kB\n",
		"another unit": "1-2 rw-p\nAnonymous: 4 MB\n", "too much": "1-2 rw-p\n" + strings.Repeat("Anonymous: 9007199254740991 kB\n", 2),
		"a long line": "1-2 rw-p " + strings.Repeat("x", 100_000),
	} {
		if got, err := anonBetween(strings.NewReader(text), 0, 1<<63); err == nil {
			t.Errorf("%s: %d", what, got)
		}
	}
}

// What a test touches is between its own addresses.
func TestAnonOfThisProcess(t *testing.T) {
	block := make([]byte, 8<<20)
	for i := range block {
		block[i] = 1
	}
	from := uint64(uintptr(unsafe.Pointer(&block[0])))
	got, err := AnonBetween(os.Getpid(), from, from+uint64(len(block)))
	if err != nil || got < int64(len(block)) {
		t.Errorf("%d, %v", got, err)
	}
	if _, err := AnonBetween(1<<30, 0, 1); err == nil {
		t.Error("a process that is none has mappings")
	}
	_ = block[0]
}

func FuzzSmaps(f *testing.F) {
	f.Add(smaps)
	f.Fuzz(func(t *testing.T, text string) {
		all, err := anonBetween(strings.NewReader(text), 0, 1<<63)
		if err != nil {
			return
		}
		low, err1 := anonBetween(strings.NewReader(text), 0, 1<<36)
		if all < 0 || low < 0 || low > all || err1 != nil {
			t.Fatalf("%d of %d, %v", low, all, err1)
		}
	})
}
