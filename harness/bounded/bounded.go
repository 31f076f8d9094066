// Package bounded reads what others send, and no more of it than there is room for.
package bounded

import (
	"bytes"
	"compress/gzip"
	"io"

	"leakhunt/harness/fault"
	"leakhunt/harness/units"
)

// Reader reads r, and fails with a Measure fault that names the limit where there are
// more than most bytes. what is how the fault calls it: "the heap profile".
func Reader(r io.Reader, most int64, what string) io.Reader {
	return &reader{r: r, left: most, most: most, what: what}
}

type reader struct {
	r          io.Reader
	left, most int64
	what       string
}

func (b *reader) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > b.left {
		return int(b.left), tooLong(b.what, b.most)
	}
	b.left -= int64(n)
	return n, err
}

func tooLong(what string, most int64) error {
	return fault.Measuref("%s is longer than %s", what, units.Bytes(float64(most)))
}

// Check returns the fault of Reader where p has more than most bytes.
func Check(p []byte, most int64, what string) error {
	if int64(len(p)) > most {
		return tooLong(what, most)
	}
	return nil
}

// Unzip is p, decompressed where it begins with gzip's magic (RFC 1952, section
// 2.3.1): at most so many bytes of it, whatever it could become.
func Unzip(p []byte, most int64, what string) ([]byte, error) {
	if !bytes.HasPrefix(p, []byte{0x1f, 0x8b}) {
		return p, Check(p, most, what)
	}
	z, err := gzip.NewReader(bytes.NewReader(p))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(Reader(z, most, what))
}
