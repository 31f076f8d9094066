package scenarios

import (
	"slices"

	"gopkg.in/yaml.v3"
)

// maxAliased is how many values all aliases of a file together may stand for:
// far above what people write, far below what an alias bomb needs.
const maxAliased = 10_000

// inliner copies a tree so that each alias becomes what its anchor names, and
// each merge key (<<) the pairs that it stands for.
type inliner struct {
	d      *decoder
	within []*yaml.Node // the aliases that are being copied, outermost first
	copied int          // values that stand in for aliases
	failed bool
}

func (i *inliner) node(n *yaml.Node) *yaml.Node {
	if i.failed {
		return n
	}
	if len(i.within) > 0 {
		if i.copied++; i.copied > maxAliased {
			return i.fail("the aliases of this file stand for more than 10,000 values", "write the values out, or use fewer aliases of aliases")
		}
	}
	if n.Kind == yaml.AliasNode {
		if slices.ContainsFunc(i.within, func(a *yaml.Node) bool { return a.Alias == n.Alias }) {
			return i.fail("*"+n.Value+" stands inside the value that it names", "an alias repeats a value that is complete above it")
		}
		i.within = append(i.within, n)
		defer func() { i.within = i.within[:len(i.within)-1] }()
		return i.node(n.Alias)
	}
	c := *n
	c.Content = make([]*yaml.Node, len(n.Content))
	for j := range n.Content {
		c.Content[j] = i.node(n.Content[j])
	}
	if n.Kind == yaml.MappingNode {
		i.merge(&c)
	}
	return &c
}

// fail reports a problem at the outermost alias, and ends the copying.
func (i *inliner) fail(message, fix string) *yaml.Node {
	i.failed = true
	i.d.problem(i.within[0], fix, "%s", message)
	return i.within[0]
}

// merge replaces each merge key by those pairs that the mapping does not have
// itself (yaml.org/type/merge.html).
func (i *inliner) merge(m *yaml.Node) {
	var own, merged []*yaml.Node
	for j := 0; j+1 < len(m.Content); j += 2 {
		if m.Content[j].ShortTag() != "!!merge" {
			own = append(own, m.Content[j], m.Content[j+1])
			continue
		}
		from := m.Content[j+1]
		sources := []*yaml.Node{from}
		if from.Kind == yaml.SequenceNode {
			sources = from.Content
		}
		for _, s := range sources {
			if s.Kind != yaml.MappingNode {
				i.d.wrongType(s, "a mapping to merge", "<<: takes a mapping, or a list of mappings: <<: *name")
				continue
			}
			merged = append(merged, s.Content...)
		}
	}
	has := map[string]bool{}
	for j := 0; j+1 < len(own); j += 2 {
		has[own[j].Value] = true
	}
	for j := 0; j+1 < len(merged); j += 2 {
		if key := merged[j]; key.Kind != yaml.ScalarNode || !has[key.Value] {
			has[key.Value] = true
			own = append(own, key, merged[j+1])
		}
	}
	m.Content = own
}
