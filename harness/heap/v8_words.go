package heap

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/units"
)

// inWeakMap says that an edge's name is that of a pair in a WeakMap: the key
// holds the value then, and the map's table does not, though both have the edge.
func inWeakMap(name []byte) bool {
	return bytes.Contains(name, []byte("part of key")) && bytes.Contains(name, []byte("WeakMap"))
}

// inner are the types of nodes that V8 keeps for itself.
var inner = []string{"hidden", "code", "object shape"}

// link makes a graph of what was read.
func (v *v8Dump) link() error {
	switch {
	case len(v.kind) == 0 || len(v.first) != len(v.kind)+1 || len(v.to) != int(v.first[len(v.kind)]):
		return fault.Measuref("the heap snapshot is not whole: it has %s references of %s objects", units.Count(len(v.to)), units.Count(len(v.kind)))
	case len(v.texts) == 0:
		return fault.Measuref("the heap snapshot is not whole: it has no texts")
	}
	weak := byte(slices.Index(v.layout.edgeTypes, "weak"))
	table := v.nodeType("array")
	for n := range v.kind {
		for e := v.first[n]; e < v.first[n+1]; e++ {
			if v.edge[e] == weak || v.kind[n] == table && v.edgeIs(e, "internal") && v.weak[v.label[e]] {
				v.to[e] = none
			}
		}
	}
	late := make([]bool, len(v.layout.nodeTypes))
	for i, t := range v.layout.nodeTypes {
		late[i] = slices.Contains(inner, t)
	}
	synthetic := v.nodeType("synthetic")
	stacks := map[uint32]bool{} // a call that goes on holds what it works on for a moment
	for n, k := range v.kind {
		if k == synthetic {
			if name := v.text(v.name[n]); name == "(Stack roots)" || name == "(Handle scope)" {
				stacks[uint32(n)] = true
			}
		}
	}
	v.late = func(_, e uint32) bool { return late[v.kind[v.to[e]]] || stacks[v.to[e]] }
	v.same = func(n uint32) uint64 {
		if v.is(n, "object") || v.is(n, "native") {
			return uint64(v.kind[n])<<32 | uint64(v.name[n])
		}
		return uint64(v.kind[n]) << 32 // the name of a string is its text
	}
	return nil
}

func (v *v8Dump) nodeType(name string) byte { return byte(slices.Index(v.layout.nodeTypes, name)) }

func (v *v8Dump) is(n uint32, kind string) bool { return v.layout.nodeTypes[v.kind[n]] == kind }

func (v *v8Dump) edgeIs(e uint32, kind string) bool { return v.layout.edgeTypes[v.edge[e]] == kind }

// made are the nodes of each site. A built-in has no script: its caller made
// the object.
func (v *v8Dump) made(sites []Site) ([][]uint32, error) {
	wanted := map[string][]int{}
	for i, s := range sites {
		key := place(s.File, s.Line)
		wanted[key] = append(wanted[key], i)
	}
	of := make([][]int, len(v.infos)) // sites by function
	script := make([]bool, len(v.infos))
	for i, f := range v.infos {
		name := v.text(f.script)
		script[i] = name != ""
		of[i] = wanted[place(SourceFile(name), int(f.line))]
	}
	found := make([][]uint32, len(sites))
	traced := false
	for n, id := range v.trace {
		if slices.Contains(inner, v.layout.nodeTypes[v.kind[n]]) {
			continue // what V8 compiled for a function is none of its objects
		}
		for range 100 {
			call, ok := v.traces[id]
			if !ok || int(call.function) >= len(script) {
				break
			}
			if traced = true; script[call.function] {
				for _, i := range of[call.function] {
					found[i] = append(found[i], uint32(n))
				}
				break
			}
			id = call.parent
		}
	}
	if !traced {
		return nil, fault.Measuref("the heap snapshot does not say where its objects were made")
	}
	return found, nil
}

// steps begins at the first variable of the application, or at the module that
// exports it, through which most are held: what holds that is Node's own. A way
// without a single name tells a reader nothing: it has no steps.
func (v *v8Dump) steps(t *tree, nodes []uint32, shared int) []Step {
	begin, file := 0, ""
	for i, n := range nodes[:shared] {
		if e := t.via[n]; v.edgeIs(e, "context") {
			if f := v.fileOf(t.from(e)); f != "" && !strings.HasPrefix(f, "node:") {
				begin, file = i, f
				break
			}
		}
		if i > 0 {
			if key := v.property(t.via[nodes[i-1]]); v.is(nodes[i-1], "object") && v.text(v.name[nodes[i-1]]) == "Module" && filepath.IsAbs(key) {
				begin, file = i, key
				break
			}
		}
	}
	var out []Step
	named := false
	for i := begin; i < len(nodes); i++ {
		n, e := nodes[i], t.via[nodes[i]]
		s := Step{Kind: v.kindOf(n, i == len(nodes)-1), Shared: i < shared}
		if s.Kind == "" {
			continue
		}
		if s.Shared {
			s.Name = v.nameOf(e)
		}
		if i == begin && s.Name != "" {
			s.File = SourceFile(file)
		}
		named = named || s.Name != ""
		out = append(out, s)
	}
	if !named {
		return nil
	}
	return out
}

func (v *v8Dump) property(e uint32) string {
	if v.edgeIs(e, "property") {
		return v.text(v.label[e])
	}
	return ""
}

// nameOf is the name that a source gives to what an edge leads to.
func (v *v8Dump) nameOf(e uint32) string {
	if v.edgeIs(e, "context") || v.edgeIs(e, "property") {
		if name := v.text(v.label[e]); Structural(name) {
			return name
		}
	}
	return ""
}

// kindOf is what a node is, "" where a reader would not call it anything. The
// name of a string is its text.
func (v *v8Dump) kindOf(n uint32, last bool) string {
	kind, name := v.layout.nodeTypes[v.kind[n]], v.text(v.name[n])
	switch kind {
	case "object", "native":
		if strings.HasPrefix(name, "system / ") && !last {
			return ""
		}
		if !Structural(strings.ReplaceAll(name, " ", "")) {
			return kind
		}
		return name
	case "closure":
		if Structural(name) {
			return "function " + name
		}
		return "function"
	case "concatenated string", "sliced string":
		return "string"
	case "array", "code", "hidden", "object shape", "synthetic":
		if !last || kind == "synthetic" {
			return ""
		}
	}
	return kind
}

// fileOf is the script of a context: that of a function which was made in it.
func (v *v8Dump) fileOf(context uint32) string {
	for n := range v.kind {
		if !v.is(uint32(n), "closure") || v.internal(uint32(n), "context") != context {
			continue
		}
		if shared := v.internal(uint32(n), "shared"); shared != none {
			for _, name := range []string{"script_or_debug_info", "script"} { // by V8's version
				if script := v.internal(shared, name); script != none {
					return v.text(v.name[script])
				}
			}
		}
	}
	return ""
}

// internal is what the edge of that name leads to, none without one.
func (v *v8Dump) internal(n uint32, name string) uint32 {
	label := v.known[name]
	for e := v.first[n]; e < v.first[n+1]; e++ {
		if v.label[e] == label && v.edgeIs(e, "internal") {
			return v.to[e]
		}
	}
	return none
}
