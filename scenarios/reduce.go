package scenarios

import (
	"bytes"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"leakhunt/harness/fault"
)

// Reducer writes a scenario file with less in it. It works on the text of the file:
// what stands there as ${VAR} stays so, and no value of the environment is written.
type Reducer struct {
	data []byte
	path string
}

// NewReducer is for a file that Parse has read without an error.
func NewReducer(data []byte, path string) *Reducer { return &Reducer{data, path} }

// URIs is the file with only those of its URIs, by index.
func (r *Reducer) URIs(keep []int) ([]byte, error) {
	root, uris, err := r.tree()
	if err != nil {
		return nil, err
	}
	kept := []*yaml.Node{}
	for i, n := range uris.Content {
		if slices.Contains(keep, i) {
			kept = append(kept, n)
		}
	}
	uris.Content = kept
	return encode(root)
}

// Part is a piece of a request that can be left out.
type Part struct {
	Kind string // "header", "query parameter", "cookie" or "field"
	Name string
}

func (p Part) String() string { return p.Kind + " " + p.Name }

// Parts are the pieces of a URI's request, and of the headers that all requests have.
func (r *Reducer) Parts(uri int) ([]Part, error) {
	root, uris, err := r.tree()
	if err != nil {
		return nil, err
	}
	var parts []Part
	filterParts(root, uris.Content[uri], func(p Part) bool {
		parts = append(parts, p)
		return true
	})
	return parts, nil
}

// Request is the file with that one URI, and of its parts only those, by index.
func (r *Reducer) Request(uri int, keep []int) ([]byte, error) {
	root, uris, err := r.tree()
	if err != nil {
		return nil, err
	}
	i := -1
	filterParts(root, uris.Content[uri], func(Part) bool {
		i++
		return slices.Contains(keep, i)
	})
	uris.Content = uris.Content[uri : uri+1]
	return encode(root)
}

// tree is the file without aliases, and its list of URIs.
func (r *Reducer) tree() (root, uris *yaml.Node, err error) {
	trees, err := parseYAML(r.data)
	if err != nil {
		return nil, nil, fault.Usagef("%s", r.path).Because(err)
	}
	if len(trees) == 1 {
		in := &inliner{d: &decoder{file: r.path}}
		if root = in.node(trees[0]); !in.failed {
			unanchor(root)
			uris = child(root, "uris")
		}
	}
	if uris == nil || uris.Kind != yaml.SequenceNode {
		return nil, nil, fault.Usagef("%s has no list of URIs", r.path)
	}
	return root, uris, nil
}

func unanchor(n *yaml.Node) {
	n.Anchor = ""
	for _, c := range n.Content {
		unanchor(c)
	}
}

// child is the value of a key, nil without it.
func child(m *yaml.Node, key string) *yaml.Node {
	if m.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

func encode(root *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := guard(func() error { return e.Encode(root) }); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

// filterParts asks keep of each part of a request, in order, and takes out of the tree
// what it refuses.
func filterParts(root, item *yaml.Node, keep func(Part) bool) {
	if item.Kind == yaml.ScalarNode {
		item.Value = filterQuery(item.Value, keep)
		return
	}
	if uri := child(item, "uri"); uri != nil {
		uri.Value = filterQuery(uri.Value, keep)
	}
	filterHeaders(root, keep)
	filterHeaders(item, keep)
	for _, key := range [...]string{"form", "json"} {
		if fields := child(item, key); fields != nil && fields.Kind == yaml.MappingNode {
			filterPairs(fields, func(name, _ *yaml.Node) bool { return keep(Part{"field", name.Value}) })
			if len(fields.Content) == 0 {
				fields.Style = yaml.FlowStyle
			}
		}
	}
}

// filterHeaders leaves alone what a request cannot be understood without.
func filterHeaders(m *yaml.Node, keep func(Part) bool) {
	headers := child(m, "headers")
	if headers == nil || headers.Kind != yaml.MappingNode {
		return
	}
	filterPairs(headers, func(name, value *yaml.Node) bool {
		switch strings.ToLower(name.Value) {
		case "content-type", "host":
			return true
		case "cookie":
			if value.Kind == yaml.ScalarNode {
				value.Value = strings.TrimSpace(filterText(value.Value, ';', "cookie", keep))
				return value.Value != ""
			}
		}
		return keep(Part{"header", name.Value})
	})
	if len(headers.Content) == 0 {
		filterPairs(m, func(key, _ *yaml.Node) bool { return key.Value != "headers" })
	}
}

func filterPairs(m *yaml.Node, keep func(key, value *yaml.Node) bool) {
	var kept []*yaml.Node
	for i := 0; i+1 < len(m.Content); i += 2 {
		if keep(m.Content[i], m.Content[i+1]) {
			kept = append(kept, m.Content[i], m.Content[i+1])
		}
	}
	m.Content = kept
}

// filterQuery filters the parameters of a URI.
func filterQuery(uri string, keep func(Part) bool) string {
	at := outside(uri, '?')
	if at < 0 {
		return uri
	}
	query := filterText(uri[at+1:], '&', "query parameter", keep)
	if query != "" {
		query = "?" + query
	}
	return uri[:at] + query
}

// filterText filters what sep separates: name=value each.
func filterText(s string, sep byte, kind string, keep func(Part) bool) string {
	var kept []string
	for more := s != ""; more; {
		one := s
		if at := outside(s, sep); at >= 0 {
			one, s = s[:at], s[at+1:]
		} else {
			more = false
		}
		name := one
		if at := outside(one, '='); at >= 0 {
			name = one[:at]
		}
		if name = strings.TrimSpace(name); name == "" || keep(Part{kind, name}) {
			kept = append(kept, one)
		}
	}
	return strings.Join(kept, string(sep))
}

// outside is where c stands in s first, outside of ${…} and {{…}}; -1 without it.
func outside(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		for open, end := range map[string]string{"${": "}", "{{": "}}"} {
			if strings.HasPrefix(s[i:], open) {
				if n := strings.Index(s[i:], end); n > 0 {
					i += n + len(end) - 1
				}
			}
		}
		if s[i] == c {
			return i
		}
	}
	return -1
}
