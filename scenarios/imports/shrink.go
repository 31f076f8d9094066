package imports

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
)

// drop forgets a child and all below it.
func (f *Folder) drop(n *node, key string) {
	k := n.kids[key]
	if k == nil {
		return
	}
	f.rare += k.hits
	f.forget(k)
	delete(n.kids, key)
}

// forget takes a node and those below it out of the counts.
func (f *Folder) forget(n *node) {
	f.nodes--
	for _, v := range n.visits {
		f.samples -= len(v.samples)
	}
	for _, k := range n.kids {
		f.forget(k)
	}
}

// shrink makes room: what was never answered well goes first, then what was asked
// for least often, until half of the nodes are left.
func (f *Folder) shrink() {
	for least := int64(1); f.nodes > maxNodes/2; least *= 2 {
		f.dropBelow(&f.root, least)
	}
}

func (f *Folder) dropBelow(n *node, least int64) {
	for key, k := range n.kids {
		if k.ok < least {
			f.drop(n, key)
		} else {
			f.dropBelow(k, least)
		}
	}
}

// settle folds the words that are values by the company they keep: five slugs
// beside each other, or eight names after the word for a collection.
func (f *Folder) settle(n *node, before string, depth int) {
	if depth > 0 {
		words, slugs := 0, 0
		for key, k := range n.kids {
			if strings.HasPrefix(key, variable) || isAction(key) || k.ok*2 <= k.hits || key == "" {
				continue
			}
			words++
			if isSlug(key) {
				slugs++
			}
		}
		switch {
		case words >= 8 && isCollection(before):
			f.fold(n, func(string) bool { return true })
		case slugs >= 5:
			f.fold(n, isSlug)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(n.kids)) {
		f.settle(n.kids[key], strings.TrimPrefix(key, variable), depth+1)
	}
}

// ordered are the samples, the most frequent first, then by name.
func ordered(samples map[string]*int64) iter.Seq2[string, int64] {
	keys := slices.SortedFunc(maps.Keys(samples), func(a, b string) int {
		return cmp.Or(cmp.Compare(*samples[b], *samples[a]), cmp.Compare(a, b))
	})
	return func(yield func(string, int64) bool) {
		for _, k := range keys {
			if !yield(k, *samples[k]) {
				return
			}
		}
	}
}
