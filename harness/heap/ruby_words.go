package heap

import (
	"io"
	"strings"

	"leakhunt/harness/units"
)

// rubyLine is what a dump tells of one object.
type rubyLine struct {
	kind, name, inner, address string
	size                       int
	sized, singleton           bool
}

// again reads a node's line a second time.
func (r *rubyDump) again(n uint32) (line rubyLine) {
	if r.at[n] < 0 {
		return line
	}
	s := newScanner(io.NewSectionReader(r.file, r.at[n], 1<<62), 4096)
	s.object(func(name []byte) {
		switch string(name) {
		case "type":
			line.kind = string(s.text(20))
		case "name":
			line.name = unquote(s.text(200))
		case "imemo_type", "struct", "root":
			line.inner = unquote(s.text(60))
		case "length", "size":
			line.size, line.sized = int(s.uint()), true
		case "singleton":
			line.singleton = true
			s.skip()
		case "address":
			line.address = strings.TrimLeft(strings.TrimPrefix(string(s.text(20)), "0x"), "0")
		default:
			s.skip()
		}
	})
	return line
}

// className is the name of a node's class, "" where it has none.
func (r *rubyDump) className(n uint32) string {
	c := r.class[n]
	if c == none {
		return ""
	}
	name, known := r.names[c]
	if !known {
		line := r.again(c)
		if name = line.name; line.singleton {
			name = r.parentName(c)
		}
		r.names[c] = name
	}
	return name
}

// parentName is the name of the class that a singleton class comes from: the
// first that it refers to.
func (r *rubyDump) parentName(n uint32) string {
	for range 10 {
		if r.first[n] == r.first[n+1] {
			return ""
		}
		if n = r.to[r.first[n]]; n == none || r.what[n] != rubyModule {
			return ""
		}
		if line := r.again(n); line.name != "" {
			return line.name
		}
	}
	return ""
}

// ofType keeps the nodes whose class has the name; all where none has it.
func (r *rubyDump) ofType(nodes []uint32, class string) []uint32 {
	var out []uint32
	for _, n := range nodes {
		if r.className(n) == class {
			out = append(out, n)
		}
	}
	if len(out) == 0 {
		return nodes
	}
	return out
}

// steps begins at the last class, module or thread through which most are held: what
// holds that is the interpreter's own. What lies between, such as compiled code,
// is left out.
func (r *rubyDump) steps(nodes []uint32, shared int) []Step {
	begin := 0
	for i, n := range nodes[:shared] {
		if r.what[n] == rubyModule || r.className(n) == "Thread" {
			begin = i
		}
	}
	var out []Step
	for i, n := range nodes {
		if i < begin {
			continue
		}
		line := r.again(n)
		s := r.step(n, line)
		s.Shared = i < shared
		if s.Kind != "" {
			out = append(out, s)
		}
	}
	return out
}

func (r *rubyDump) step(n uint32, line rubyLine) Step {
	class := r.className(n)
	s := Step{Address: line.address}
	switch line.kind {
	case "ROOT":
		s.Kind = map[string]string{
			"vm": "", "global_tbl": "global variables", "global_list": "objects that a C extension keeps",
			"machine_context": "the C stack", "finalizers": "finalizers", "end_proc": "at_exit",
		}[line.inner]
	case "CLASS", "MODULE":
		s.Name, s.Kind = line.name, strings.ToLower(line.kind)
		if line.singleton {
			s.Kind = "singleton class"
		}
	case "IMEMO", "ICLASS": // a reader does not meet them
	default:
		if s.Kind = class; class == "" {
			s.Kind = strings.ToLower(line.kind)
		}
		if line.sized && (line.kind == "ARRAY" || line.kind == "HASH") {
			s.Kind += " of " + units.Count(line.size)
		}
	}
	return s
}
