package heap

import (
	"bytes"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
)

// Ruby reads what ObjectSpace.dump_all writes (Ruby 2.1 and later,
// ext/objspace/objspace_dump.c): a line of JSON for each object and for each
// kind of root. Objects that were made while allocations were traced have their
// file and line. It returns a way for each of the sites, without Steps where the
// dump has none of its objects or nothing holds them.
func Ruby(d Dump, sites []Site) ([]Way, error) {
	r := &rubyDump{file: d, wanted: map[string][]int{}, found: make([][]uint32, len(sites)), index: map[uint64]uint32{}, names: map[uint32]string{}}
	for i, s := range sites {
		key := place(s.File, s.Line)
		r.wanted[key] = append(r.wanted[key], i)
	}
	if err := r.read(); err != nil {
		return nil, err
	}
	t := r.reach(r.root)
	ways := make([]Way, len(sites))
	for i, s := range sites {
		made := r.ofType(r.found[i], s.Type)
		ways[i].Objects = len(made)
		nodes, shared := t.way(made)
		ways[i].Steps = r.steps(nodes, shared)
	}
	return ways, nil
}

func place(file string, line int) string { return strconv.Itoa(line) + ":" + file }

// rubyDump is a dump as a graph. What it has to tell of an object is read again
// from the file, for the few that lie on a way.
type rubyDump struct {
	graph
	file   Dump
	at     []int64           // where each node's line begins
	class  []uint32          // each node's class; none without
	what   []rubyType        // of each node
	index  map[uint64]uint32 // node by address
	wanted map[string][]int  // sites by place
	found  [][]uint32        // nodes by site
	root   uint32            // holds all kinds of roots
	names  map[uint32]string // of classes, as far as they were read
}

type rubyType byte

const (
	rubyOther rubyType = iota
	rubyModule
	rubyInner // of the interpreter: IMEMO
	// The C stack, and a thread, which holds its own stack: what that seems to hold
	// may be a number, or left by a call that has returned.
	rubyStack
)

func (r *rubyDump) read() error {
	s := newScanner(r.file, 256<<10)
	var refs, classes []uint64
	for s.peek() != 0 && s.err == nil {
		r.at = append(r.at, s.offset())
		r.first = append(r.first, uint32(len(refs)))
		o := r.object(s, &refs)
		if o.address != 0 {
			r.index[o.address] = uint32(len(r.what))
		}
		classes = append(classes, o.class)
		r.what = append(r.what, o.what)
		if len(r.what) > maxNodes || len(refs) > 10*maxNodes {
			s.fail("it has too many objects")
		}
	}
	if s.err != nil {
		return s.err
	}
	return r.link(refs, classes)
}

type rubyObject struct {
	address, class uint64
	what           rubyType
}

// object reads one line, and adds the addresses that it refers to.
func (r *rubyDump) object(s *scanner, refs *[]uint64) (o rubyObject) {
	var file []byte
	line := 0
	s.object(func(name []byte) {
		switch string(name) {
		case "address":
			o.address = hex(s.text(20))
		case "class":
			o.class = hex(s.text(20))
		case "type":
			switch string(s.text(20)) {
			case "CLASS", "MODULE":
				o.what = rubyModule
			case "IMEMO":
				o.what = rubyInner
			}
		case "struct":
			if bytes.Equal(s.text(20), []byte("VM/thread")) {
				o.what = rubyStack
			}
		case "root":
			if kind := s.text(20); bytes.Equal(kind, []byte("machine_context")) {
				o.what = rubyStack
			}
		case "references":
			s.array(func() { *refs = append(*refs, hex(s.text(20))) })
		case "file":
			file = s.text(4096)
		case "line":
			line = int(s.uint())
		default:
			s.skip()
		}
	})
	if file != nil && o.what != rubyInner {
		for _, i := range r.wanted[place(unquote(file), line)] {
			r.found[i] = append(r.found[i], uint32(len(r.what)))
		}
	}
	return o
}

// link turns addresses into nodes. The roots are lines without an address; one
// more node holds them all. An object holds its class, too.
func (r *rubyDump) link(refs, classes []uint64) error {
	node := func(address uint64) uint32 {
		if n, ok := r.index[address]; ok {
			return n
		}
		return none
	}
	rooted := make([]bool, len(r.what))
	for i := range rooted {
		rooted[i] = true
	}
	for _, n := range r.index {
		rooted[n] = false
	}
	r.first = append(r.first, uint32(len(refs)))
	first := r.first
	r.first = make([]uint32, 0, len(first)+1)
	r.to = make([]uint32, 0, len(refs)+len(classes))
	r.class = make([]uint32, len(classes))
	for n := range r.what {
		r.first = append(r.first, uint32(len(r.to)))
		for _, a := range refs[first[n]:first[n+1]] {
			r.to = append(r.to, node(a))
		}
		r.class[n] = none
		if classes[n] != 0 && r.what[n] != rubyInner {
			r.class[n] = node(classes[n])
		}
		r.to = append(r.to, r.class[n])
	}
	r.root = uint32(len(r.what))
	r.first = append(r.first, uint32(len(r.to)))
	roots := 0
	for n, is := range rooted {
		if is {
			r.to = append(r.to, uint32(n))
			roots++
		}
	}
	r.first = append(r.first, uint32(len(r.to)))
	r.what, r.class, r.at = append(r.what, rubyOther), append(r.class, none), append(r.at, -1)
	if roots == 0 {
		return fault.Measuref("the heap dump has no roots: it is no dump of a whole Ruby process")
	}
	r.late = func(n, e uint32) bool {
		what := r.what[r.to[e]]
		return what == rubyInner || what == rubyStack || n != r.root && e == r.first[n+1]-1 // its class
	}
	r.same = func(n uint32) uint64 { return uint64(r.class[n]) }
	return nil
}

// hex reads "0x7f4d81fe5648"; what is none is 0.
func hex(text []byte) uint64 {
	v, err := strconv.ParseUint(strings.TrimPrefix(string(text), "0x"), 16, 64)
	if err != nil {
		return 0
	}
	return v
}

// unquote takes the escapes out of a JSON string's text.
func unquote(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text)
	}
	if s, err := strconv.Unquote(`"` + strings.ReplaceAll(string(text), `\/`, "/") + `"`); err == nil {
		return s
	}
	return string(text)
}
