package demo

import (
	"container/list"
	"sync"
)

// The innocents' bounds. Sizes in bytes.
const (
	memoKeys  = 64
	memoBytes = 16 << 10

	cacheEntries = 256
	cacheBytes   = 4 << 10

	bloatBytes = 24 << 20

	batchEntries = 200
	batchBytes   = 4 << 10

	garbageObjects = 64 // of 256 B to 4 KiB each

	transientBytes = 512 << 10

	poolBytes = 64 << 10
)

// goroutineBytes is what a goroutine costs that waits for a channel: a stack
// of 2 KiB, the smallest there is, and its descriptors.
const goroutineBytes = 2816

// app is the state of one demo: all that its routes keep.
type app struct {
	mu sync.Mutex

	// The leaks.
	never     chan struct{} // nobody ever sends on it
	pages     map[string][]byte
	listeners *listener
	sessions  map[uint64][]byte

	// The innocents.
	memo     map[uint64][]byte
	asked    uint64
	recent   *list.List // of *entry, the latest first
	byURL    map[string]*list.Element
	table    []byte
	audit    [][]byte
	last     *listener
	made     uint64
	rendered uint64
	render   []byte
	buffers  sync.Pool
}

type listener struct {
	next  *listener
	state []byte
}

type entry struct {
	url  string
	page []byte
}

func newApp() *app {
	return &app{
		never:    make(chan struct{}),
		pages:    map[string][]byte{},
		sessions: map[uint64][]byte{},
		memo:     map[uint64][]byte{},
		recent:   list.New(),
		byURL:    map[string]*list.Element{},
		buffers:  sync.Pool{New: func() any { b := make([]byte, poolBytes); return &b }},
	}
}

// pageBytes is the smallest page of any machine Go runs on.
const pageBytes = 4096

// touch makes b resident and returns it: a page that was never written to has
// no memory behind it, and would leak nothing that RSS can show. It does not
// allocate, so that each route has a line of its own in a heap profile.
func touch(b []byte) []byte {
	for i := 0; i < len(b); i += pageBytes {
		b[i]++
	}
	return b
}
