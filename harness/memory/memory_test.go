package memory

import (
	"os"
	"testing"

	"leakhunt/harness/proc"
)

func TestSelf(t *testing.T) {
	id, err := proc.Find(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	r, err := m.Read()
	t.Log(r, err)
	r, err = m.Exact()
	t.Log(r, err)
	f, err := m.Facts()
	t.Logf("%+v %v", f, err)
	p, err := m.Peak()
	t.Log(p, err, m.ResetPeak(), m.ResetTouched())
	p, err = m.Touched()
	t.Log(p, err)
}

func BenchmarkRSS(b *testing.B) {
	id, _ := proc.Find(os.Getpid())
	m, err := Open(id)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.RSS()
	}
}

func BenchmarkRead(b *testing.B) {
	id, _ := proc.Find(os.Getpid())
	m, err := Open(id)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Read()
	}
}
