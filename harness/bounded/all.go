package bounded

import (
	"errors"
	"io"
	"os"
)

// ErrLong is that of what is longer than it may be.
var ErrLong = errors.New("it is too long")

// All reads r to its end. It fails with ErrLong where there are more than most bytes. A
// file that is larger is not read at all, and of others no more than most is ever held.
func All(r io.Reader, most int64) ([]byte, error) {
	size := sizeOf(r)
	if size > most {
		return nil, ErrLong
	}
	const piece = 256 << 10
	var pieces [][]byte
	var held int64
	for next := min(size+1, most+1); ; next = piece {
		p := make([]byte, max(next, 512))
		n, err := io.ReadFull(r, p)
		if held += int64(n); held > most {
			return nil, ErrLong
		}
		pieces = append(pieces, p[:n])
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return joined(pieces, held), nil
		case err != nil:
			return nil, err
		}
	}
}

func joined(pieces [][]byte, held int64) []byte {
	if len(pieces) == 1 {
		return pieces[0]
	}
	all := make([]byte, 0, held)
	for i, p := range pieces {
		all = append(all, p...)
		pieces[i] = nil
	}
	return all
}

// sizeOf is the size of a regular file, 0 of anything else.
func sizeOf(r io.Reader) int64 {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return 0
}

// File reads a file as All does.
func File(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return All(f, most)
}
