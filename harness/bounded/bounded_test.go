package bounded

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"leakhunt/harness/fault"
)

func TestReader(t *testing.T) {
	for n := range 12 {
		in := strings.Repeat("x", n)
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
			got, err := io.ReadAll(Reader(r, 8, "the page"))
			if want := in[:min(n, 8)]; string(got) != want {
				t.Errorf("%d bytes: read %q", n, got)
			}
			if (err != nil) != (n > 8) || err != nil && (fault.KindOf(err) != fault.Measure || !strings.Contains(err.Error(), "the page is longer than 8")) {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := io.ReadAll(Reader(iotest.ErrReader(broken), 8, "x")); !errors.Is(err, broken) {
		t.Errorf("an error of the reader below: %v", err)
	}
}

// bomb is so many MiB of nothing, packed.
func bomb(t testing.TB, mib int) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range mib {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestUnzip(t *testing.T) {
	if got, err := Unzip(bomb(t, 4), 1<<20, "the heap profile"); len(got) > 1<<20 || err == nil || !strings.Contains(err.Error(), "longer than 1") {
		t.Errorf("a bomb: %d bytes, %v", len(got), err)
	}
	if got, err := Unzip(bomb(t, 1), 1<<20, "x"); len(got) != 1<<20 || err != nil {
		t.Errorf("what fits: %d bytes, %v", len(got), err)
	}
	if got, err := Unzip([]byte("plain"), 8, "x"); string(got) != "plain" || err != nil {
		t.Errorf("plain: %q, %v", got, err)
	}
	if _, err := Unzip([]byte("much too long"), 8, "x"); err == nil {
		t.Error("plain and too long")
	}
	if _, err := Unzip([]byte{0x1f, 0x8b, 1}, 8, "x"); err == nil {
		t.Error("damaged")
	}
}

func TestBuffer(t *testing.T) {
	b := &Buffer{Most: 8, What: "the page"}
	for i, want := range []string{"four", "fourfour"} {
		if n, err := b.Write([]byte("four")); n != 4 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
		if got, err := b.Bytes(); string(got) != want || err != nil {
			t.Errorf("%d: %q, %v", i, got, err)
		}
	}
	for range 3 {
		if n, err := b.Write([]byte("four")); n != 4 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
		if got, err := b.Bytes(); got != nil || err == nil || !strings.Contains(err.Error(), "the page is longer than 8") {
			t.Errorf("%q, %v", got, err)
		}
	}
}
