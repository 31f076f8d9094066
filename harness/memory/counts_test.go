package memory

import (
	"net"
	"os"
	"syscall"
	"testing"
)

// What a process opens and starts is counted, each in its own unit.
func TestCounts(t *testing.T) {
	m := self(t)
	before, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if before.Descriptors < 3 || before.Threads < 1 || before.Sockets > before.Descriptors {
		t.Errorf("%+v", before)
	}
	const n = 20
	for range n {
		f, err := os.Open("/dev/null")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		shared := mapped(t)
		defer unmap(t, shared)
	}
	cmd, id := child(t)
	after, err := m.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if got := after.Descriptors - before.Descriptors; got < 2*n || got > 2*n+8 {
		t.Errorf("%d descriptors more, not about %d", got, 2*n)
	}
	if got := after.Sockets - before.Sockets; got != n {
		t.Errorf("%d sockets more, not %d", got, n)
	}
	if got := after.Mappings - before.Mappings; got < n || got > n+4 {
		t.Errorf("%d mappings more, not about %d", got, n)
	}
	if got := after.Children - before.Children; got != 1 {
		t.Errorf("%d children more, not one", got)
	}
	ended := open(t, id)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if c, err := ended.Counts(); err == nil {
		t.Errorf("of a process that has ended: %+v", c)
	}
}

// mapped is a page of shared memory, and unmap lets it go.
func mapped(t testing.TB) []byte {
	b, err := syscall.Mmap(-1, 0, os.Getpagesize(), syscall.PROT_READ, syscall.MAP_SHARED|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unmap(t testing.TB, b []byte) {
	if err := syscall.Munmap(b); err != nil {
		t.Error(err)
	}
}

// What a heap, an arena or a stack is made of is no mapping that anybody forgot.
func TestMappings(t *testing.T) {
	const maps = `55d0c0a00000-55d0c0a26000 r--p 00000000 fe:00 1051 /usr/bin/an app
55d0c1000000-55d0c1021000 rw-p 00000000 00:00 0          [heap]
7f0000000000-7f0000010000 rw-s 00000000 00:01 2042       /dev/zero (deleted)
7f0000010000-7f0000020000 ---p 00000000 00:00 0 
7f0000020000-7f0000040000 rw-p 00000000 00:00 0          [anon: Go: heap]
7f0000040000-7f0000060000 rw-s 00000000 00:01 77         /memfd:java_heap (deleted)
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0          [stack]
7f0000080000-7f0000090000 rw-s 00000000 00:05 9          /SYSV00000000 (deleted)
`
	if n := mappings([]byte(maps)); n != 3 {
		t.Errorf("%d mappings, not the program, shared memory and System V's", n)
	}
	if n := mappings([]byte("no map\n\n")); n != 0 {
		t.Errorf("%d mappings of none", n)
	}
}

func TestMostOpen(t *testing.T) {
	const head = "Limit                     Soft Limit           Hard Limit           Units     \n"
	for line, want := range map[string]int{
		"Max open files            1024                 524288               files     \n": 1024,
		"Max open files            unlimited            unlimited            files     \n": 0,
		"Max processes             96365                96365                processes \n": 0,
		"Max open files": 0,
	} {
		if n := mostOpen([]byte(head + line)); n != want {
			t.Errorf("%q: %d, not %d", line, n, want)
		}
	}
}

func BenchmarkCounts(b *testing.B) {
	m := self(b)
	for b.Loop() {
		if _, err := m.Counts(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCountsMapped(b *testing.B) {
	m := self(b)
	for range 1000 {
		defer unmap(b, mapped(b))
	}
	for b.Loop() {
		if _, err := m.Counts(); err != nil {
			b.Fatal(err)
		}
	}
}
