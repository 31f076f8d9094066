package memory

import (
	"net"
	"os"
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

func BenchmarkCounts(b *testing.B) {
	m := self(b)
	for b.Loop() {
		if _, err := m.Counts(); err != nil {
			b.Fatal(err)
		}
	}
}
