package bounded

// Buffer is a writer that keeps at most so many bytes. It takes the rest, and forgets it:
// who writes need not know.
type Buffer struct {
	Most int64
	What string // as in Reader

	kept []byte
	over bool
}

// Write never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	room := b.Most - int64(len(b.kept))
	if b.over = b.over || int64(len(p)) > room; b.over {
		b.kept = nil
		return len(p), nil
	}
	b.kept = append(b.kept, p...)
	return len(p), nil
}

// Bytes are all that was written, or the fault of Reader where that was too much.
func (b *Buffer) Bytes() ([]byte, error) {
	if b.over {
		return nil, tooLong(b.What, b.Most)
	}
	return b.kept, nil
}
