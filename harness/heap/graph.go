package heap

import "sort"

// none is no node, and no edge.
const none = ^uint32(0)

// maxNodes bounds what is read: 100 million objects are a heap of 4 GiB at the
// least.
const maxNodes = 100_000_000

// graph says which node holds which. The edges of node n are to[first[n]:first[n+1]].
type graph struct {
	first []uint32
	to    []uint32 // none where what is held is not in the dump
	// late says of an edge that it is followed only where no other leads on: one
	// to what the runtime keeps for itself, such as compiled code, which may hold
	// what it names, but tells a reader nothing.
	late func(from, edge uint32) bool
	// same is equal for nodes of one kind.
	same func(node uint32) uint64
}

func (g *graph) nodes() int { return len(g.first) - 1 }

// from is the node that an edge leaves.
func (g *graph) from(edge uint32) uint32 {
	return uint32(sort.Search(g.nodes(), func(n int) bool { return g.first[n+1] > edge }))
}

// tree is the shortest ways from the root to each node: those with the fewest
// late edges, and the fewest steps of these.
type tree struct {
	*graph
	via   []uint32 // the edge that a node is reached by; none: not reached
	order []uint32 // the nodes as they were reached
	root  uint32
}

func (g *graph) reach(root uint32) *tree {
	t := &tree{graph: g, via: make([]uint32, g.nodes()), root: root}
	for i := range t.via {
		t.via[i] = none
	}
	t.order = append(t.order, root)
	seen := func(n uint32) bool { return n == none || n == root || t.via[n] != none }
	var late []uint32
	for next := 0; next < len(t.order); {
		for ; next < len(t.order); next++ {
			n := t.order[next]
			for e := g.first[n]; e < g.first[n+1]; e++ {
				to := g.to[e]
				switch {
				case seen(to):
				case g.late(n, e):
					late = append(late, e)
				default:
					t.via[to] = e
					t.order = append(t.order, to)
				}
			}
		}
		for _, e := range late {
			if to := g.to[e]; !seen(to) {
				t.via[to] = e
				t.order = append(t.order, to)
			}
		}
		late = late[:0]
	}
	return t
}

// way leads from the root to one of the survivors. First it follows the objects that
// each hold more than half of them: shared is how many these are. Then it follows, at
// each step, the kind of object that holds most of the rest, as far as the next
// survivor. The root is not in it; it is empty where the root holds none of them.
func (t *tree) way(survivors []uint32) (nodes []uint32, shared int) {
	below := make([]uint32, t.nodes()) // survivors at a node and below it
	made := map[uint32]bool{}
	for _, n := range survivors {
		if n == t.root || t.via[n] != none {
			below[n]++
			made[n] = true
		}
	}
	for i := len(t.order) - 1; i > 0; i-- {
		if n := t.order[i]; below[n] > 0 {
			below[t.from(t.via[n])] += below[n]
		}
	}
	n, total := t.root, below[t.root]
	for {
		heavy := none
		for _, c := range t.children(n, below) {
			if 2*below[c] > total {
				heavy = c
			}
		}
		if heavy == none {
			break
		}
		n = heavy
		nodes = append(nodes, n)
	}
	shared = len(nodes)
	for first := true; first || !made[n]; first = false {
		c := t.usual(t.children(n, below), below)
		if c == none {
			break
		}
		n = c
		nodes = append(nodes, n)
	}
	return nodes, shared
}

// children are those with survivors, in the order of the references.
func (t *tree) children(n uint32, below []uint32) []uint32 {
	var out []uint32
	for e := t.first[n]; e < t.first[n+1]; e++ {
		if to := t.to[e]; to != none && t.via[to] == e && below[to] > 0 {
			out = append(out, to)
		}
	}
	return out
}

// usual is the first of the kind that has most survivors; none of nothing.
func (t *tree) usual(children, below []uint32) uint32 {
	sum := map[uint64]uint32{}
	best := none
	for _, c := range children {
		sum[t.same(c)] += below[c]
	}
	for _, c := range children {
		if best == none || sum[t.same(c)] > sum[t.same(best)] {
			best = c
		}
	}
	return best
}
