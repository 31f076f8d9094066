package imports

import (
	"bytes"
	"slices"
	"strings"

	"leakhunt/scenarios"
)

// The bounds of a Folder: they keep its memory below some tens of MiB whatever it
// is given.
const (
	maxNodes   = 20_000 // segments of paths, all together
	maxSamples = 60_000 // targets that are kept, all together
	perRoute   = 200    // targets of one route
	maxDepth   = 24     // segments of a path
	manyPages  = 400    // words beside each other at the root that are not folded
	manyWords  = 64     // the same further down
)

// Folder folds request targets into routes, as they come, in bounded memory.
// Segments that are values by their shape are one segment; words are where there
// are too many beside each other to be pages. Targets are kept as samples, up to
// perRoute of each route: what varies is filled from them.
type Folder struct {
	opts    Options
	root    node
	nodes   int
	samples int
	buf     []byte

	assets, unsafe, noPath, rare int64 // requests that were left out
}

// node is a segment after those above it. The key of a child that stands for
// values is variable and their common ending.
type node struct {
	kids   map[string]*node
	ok     int64 // requests to it and below that were answered 2xx or 3xx
	hits   int64 // all requests to it and below
	folded bool  // a new word is a value here
	visits []*visit
}

// variable begins the key of a child that stands for values. No path holds it.
const variable = "\x00"

// visit is what is known of one method at a node.
type visit struct {
	method   string
	hits, ok int64
	samples  map[string]*int64 // how often each target was answered 2xx or 3xx
}

// NewFolder is an empty Folder.
func NewFolder(o Options) *Folder { return &Folder{opts: o, buf: make([]byte, 0, 3*maxTarget)} }

// Add takes one request and its status. Nothing of its arguments is kept.
func (f *Folder) Add(method, target []byte, status int) { f.add(method, target, status, 1) }

func (f *Folder) add(method, target []byte, status int, times int64) {
	name := known(method)
	if name == "" || name != "GET" && name != "HEAD" && !f.opts.Unsafe {
		f.unsafe += times
		return
	}
	target, ok := clean(f.buf[:0], target)
	if !ok {
		f.noPath += times
		return
	}
	path, _, _ := bytes.Cut(target, []byte("?"))
	if isAsset(path) {
		f.assets += times
		return
	}
	if bytes.Count(path, []byte("/")) > maxDepth {
		f.noPath += times
		return
	}
	fine := int64(0)
	if status >= 200 && status < 400 {
		fine = times
	}
	n := &f.root
	n.hits, n.ok = n.hits+times, n.ok+fine
	var before []byte
	for rest, depth := path[1:], 0; ; depth++ {
		segment, more, found := bytes.Cut(rest, []byte("/"))
		n = f.child(n, before, segment, depth)
		n.hits, n.ok = n.hits+times, n.ok+fine
		if !found {
			break
		}
		before, rest = segment, more
	}
	f.visit(n, name, target, times, fine)
	if f.nodes > maxNodes {
		f.shrink()
	}
}

// known is the method's name without a new string, or "".
func known(method []byte) string {
	switch string(method) {
	case "GET":
		return "GET"
	case "HEAD":
		return "HEAD"
	case "POST":
		return "POST"
	}
	for _, m := range scenarios.Methods() {
		if m == string(method) {
			return m
		}
	}
	return ""
}

// child is the node of a segment below n, made where there is none.
func (f *Folder) child(n *node, before, segment []byte, depth int) *node {
	stem, ending := split(segment)
	if !isValue(stem) {
		if k := n.kids[string(segment)]; k != nil {
			return k
		}
		if !n.folded && !isSecretPlace(string(before), string(segment)) {
			k := f.make(n, string(segment))
			if most := words(depth); len(n.kids) > most {
				f.foldWords(n, most)
				if n.folded {
					return f.variable(n, ending)
				}
				if n.kids[string(segment)] == nil { // not counted yet, and so dropped
					k = f.make(n, string(segment))
				}
			}
			return k
		}
	}
	return f.variable(n, ending)
}

func words(depth int) int {
	if depth == 0 {
		return manyPages
	}
	return manyWords
}

// variable is the child that stands for values with this ending.
func (f *Folder) variable(n *node, ending []byte) *node {
	if len(ending) == 0 {
		if k := n.kids[variable]; k != nil {
			return k
		}
	}
	key := variable + string(ending)
	if k := n.kids[key]; k != nil {
		return k
	}
	return f.make(n, key)
}

func (f *Folder) make(n *node, key string) *node {
	if n.kids == nil {
		n.kids = map[string]*node{}
	}
	k := &node{}
	n.kids[key] = k
	f.nodes++
	return k
}

// visit counts a request at its node, and keeps its target where there is room.
func (f *Folder) visit(n *node, method string, target []byte, times, fine int64) {
	i := slices.IndexFunc(n.visits, func(v *visit) bool { return v.method == method })
	if i < 0 {
		i = len(n.visits)
		n.visits = append(n.visits, &visit{method: method, samples: map[string]*int64{}})
	}
	v := n.visits[i]
	v.hits, v.ok = v.hits+times, v.ok+fine
	if fine > 0 {
		f.keep(v, target, fine)
	}
}

func (f *Folder) keep(v *visit, target []byte, times int64) {
	if c := v.samples[string(target)]; c != nil {
		*c += times
	} else if len(v.samples) < perRoute && (f.samples < maxSamples || len(v.samples) == 0) {
		n := times
		v.samples[string(target)] = &n
		f.samples++
	}
}

// foldWords makes values of the words below n. It leaves those that are actions, and
// those that are asked for far more often than the others. Words that were never
// answered well go first: somebody tries what is not there.
func (f *Folder) foldWords(n *node, most int) {
	for key, k := range n.kids {
		if k.ok == 0 {
			f.drop(n, key)
		}
	}
	if len(n.kids) <= most {
		return
	}
	n.folded = true
	f.fold(n, func(string) bool { return true })
}

// fold makes values of those words below n that which picks.
func (f *Folder) fold(n *node, which func(word string) bool) {
	var keys []string
	var counts []int64
	for key, k := range n.kids {
		if !strings.HasPrefix(key, variable) && which(key) && !isAction(key) && key != "" {
			keys, counts = append(keys, key), append(counts, k.ok)
		}
	}
	if len(keys) == 0 {
		return
	}
	slices.Sort(keys)
	slices.Sort(counts)
	often := 10 * counts[len(counts)/2]
	for _, key := range keys {
		k := n.kids[key]
		if k.ok > often {
			continue
		}
		delete(n.kids, key)
		f.nodes--
		_, ending := split([]byte(key))
		f.merge(f.variable(n, ending), k)
	}
}

// merge adds what is known at from to n.
func (f *Folder) merge(n, from *node) {
	n.ok, n.hits = n.ok+from.ok, n.hits+from.hits
	for _, v := range from.visits {
		f.samples -= len(v.samples)
		i := slices.IndexFunc(n.visits, func(have *visit) bool { return have.method == v.method })
		if i < 0 {
			f.samples += len(v.samples)
			n.visits = append(n.visits, v)
			continue
		}
		to := n.visits[i]
		to.hits, to.ok = to.hits+v.hits, to.ok+v.ok
		for target, c := range ordered(v.samples) {
			f.keep(to, []byte(target), c)
		}
	}
	for key, k := range from.kids {
		if have := n.kids[key]; have != nil {
			f.nodes--
			f.merge(have, k)
			continue
		}
		if n.kids == nil {
			n.kids = map[string]*node{}
		}
		n.kids[key] = k
	}
}
