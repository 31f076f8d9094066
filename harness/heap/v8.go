package heap

import (
	"encoding/json"
	"io"
	"slices"

	"leakhunt/harness/fault"
)

// V8 reads a heap snapshot that was taken while allocations were tracked
// (HeapProfiler.startTrackingHeapObjects with trackAllocations; the format is
// that of V8's HeapSnapshotJSONSerializer, src/profiler/heap-snapshot-generator.cc).
// The snapshot says of each object which function made it: a site's line is the
// one where that function begins. It returns a way for each of the sites, without
// Steps where the snapshot has none of its objects or nothing holds them. Weak
// references hold nothing.
func V8(d Dump, sites []Site) ([]Way, error) {
	v := &v8Dump{file: d}
	if err := v.read(); err != nil {
		return nil, err
	}
	if err := v.link(); err != nil {
		return nil, err
	}
	found, err := v.made(sites)
	if err != nil {
		return nil, err
	}
	t := v.reach(0)
	ways := make([]Way, len(sites))
	for i, made := range found {
		ways[i].Objects = len(made)
		nodes, shared := t.way(made)
		ways[i].Steps = v.steps(t, nodes, shared)
	}
	return ways, nil
}

// v8Dump is a snapshot as a graph. Its texts stay in the file.
type v8Dump struct {
	graph
	file   Dump
	layout v8Layout
	kind   []byte   // of each node, a number of the layout's node types
	name   []uint32 // of each node, a number of a text
	trace  []uint32 // of each node, where it was made: a number of traces; 0: before
	edge   []byte   // the kind of each edge
	label  []uint32 // of each edge, a number of a text, or an index
	infos  []v8Function
	traces map[uint32]v8Trace
	texts  []int64           // where each text begins
	weak   map[uint32]bool   // texts that name a pair in a WeakMap
	known  map[string]uint32 // the numbers of some texts
}

type v8Function struct{ script, line uint32 }

// v8Trace is a call: the number of its function, and the call above it.
type v8Trace struct{ function, parent uint32 }

// v8Layout is the part of a snapshot's head that says how to read the rest.
type v8Layout struct {
	Meta struct {
		NodeFields  []string `json:"node_fields"`
		NodeTypes   []any    `json:"node_types"`
		EdgeFields  []string `json:"edge_fields"`
		EdgeTypes   []any    `json:"edge_types"`
		InfoFields  []string `json:"trace_function_info_fields"`
		TraceFields []string `json:"trace_node_fields"`
	} `json:"meta"`
	nodeTypes, edgeTypes []string
}

// maxHead is the size up to which the head is read: it is of 1.5 kB today.
const maxHead = 1 << 20

func (v *v8Dump) read() error {
	s := newScanner(v.file, 256<<10)
	if s.peek() != '{' {
		return fault.Measuref("the heap snapshot is empty, or none")
	}
	s.object(func(name []byte) {
		key := string(name)
		if key != "snapshot" && v.layout.nodeTypes == nil {
			s.fail("a heap snapshot begins with its layout")
		}
		switch key {
		case "snapshot":
			v.head(s)
		case "nodes":
			v.readNodes(s)
		case "edges":
			v.readEdges(s)
		case "trace_function_infos":
			v.readFunctions(s)
		case "trace_tree":
			v.readTraces(s)
		case "strings":
			v.readTexts(s)
		default:
			s.skip()
		}
	})
	return s.err
}

func (v *v8Dump) head(s *scanner) {
	s.peek()
	from := s.offset()
	s.skip()
	if s.offset()-from > maxHead {
		s.fail("its layout is too long")
	}
	if s.err != nil {
		return
	}
	if err := json.NewDecoder(io.NewSectionReader(v.file, from, s.offset()-from)).Decode(&v.layout); err != nil {
		s.fail("its layout is none")
		return
	}
	m := &v.layout.Meta
	types := func(all []any) (names []string) {
		if len(all) > 0 {
			list, _ := all[0].([]any)
			for _, t := range list {
				name, _ := t.(string)
				names = append(names, name)
			}
		}
		return names
	}
	v.layout.nodeTypes, v.layout.edgeTypes = types(m.NodeTypes), types(m.EdgeTypes)
	for _, want := range []struct{ have, names []string }{
		{m.NodeFields, []string{"type", "name", "edge_count", "trace_node_id"}},
		{m.EdgeFields, []string{"type", "name_or_index", "to_node"}},
		{m.InfoFields, []string{"script_name", "line"}},
		{v.layout.nodeTypes, []string{"object"}},
		{v.layout.edgeTypes, []string{"weak", "property", "context"}},
	} {
		for _, name := range want.names {
			if !slices.Contains(want.have, name) {
				s.fail("this V8 writes snapshots without " + name + ", which leakhunt cannot read yet")
			}
		}
	}
	if !slices.Equal(m.TraceFields, []string{"id", "function_info_index", "count", "size", "children"}) {
		s.fail("this V8 writes other allocation traces, which leakhunt cannot read yet")
	}
}

// rows calls row with each row of a flat array of numbers.
func (s *scanner) rows(fields int, row func(values []uint64)) {
	values := make([]uint64, 0, fields)
	s.array(func() {
		values = append(values, s.uint())
		if len(values) == fields {
			row(values)
			values = values[:0]
		}
	})
	if len(values) > 0 {
		s.fail("a row is not whole")
	}
}

func (v *v8Dump) readNodes(s *scanner) {
	fields := v.layout.Meta.NodeFields
	kind, name := slices.Index(fields, "type"), slices.Index(fields, "name")
	edges, trace := slices.Index(fields, "edge_count"), slices.Index(fields, "trace_node_id")
	var sum uint64
	s.rows(len(fields), func(row []uint64) {
		v.first = append(v.first, uint32(sum))
		v.kind = append(v.kind, byte(row[kind]))
		v.name = append(v.name, uint32(row[name]))
		v.trace = append(v.trace, uint32(row[trace]))
		sum += row[edges]
		if row[kind] >= uint64(len(v.layout.nodeTypes)) || len(v.kind) > maxNodes || sum > 10*maxNodes {
			s.fail("a node that cannot be")
		}
	})
	v.first = append(v.first, uint32(sum))
}

func (v *v8Dump) readEdges(s *scanner) {
	fields := v.layout.Meta.EdgeFields
	kind, label, to := slices.Index(fields, "type"), slices.Index(fields, "name_or_index"), slices.Index(fields, "to_node")
	width := uint64(len(v.layout.Meta.NodeFields))
	s.rows(len(fields), func(row []uint64) {
		v.edge = append(v.edge, byte(row[kind]))
		v.label = append(v.label, uint32(row[label]))
		v.to = append(v.to, uint32(row[to]/width))
		if row[kind] >= uint64(len(v.layout.edgeTypes)) || row[to]/width >= uint64(len(v.kind)) || len(v.to) > 10*maxNodes {
			s.fail("a reference that cannot be")
		}
	})
}

func (v *v8Dump) readFunctions(s *scanner) {
	fields := v.layout.Meta.InfoFields
	script, line := slices.Index(fields, "script_name"), slices.Index(fields, "line")
	s.rows(len(fields), func(row []uint64) {
		v.infos = append(v.infos, v8Function{uint32(row[script]), uint32(row[line])})
	})
}

// readTraces reads the tree of calls: a call is five values, the last of them
// the list of the calls that it made.
func (v *v8Dump) readTraces(s *scanner) {
	const maxDepth = 1000
	v.traces = map[uint32]v8Trace{}
	var calls func(parent uint32, depth int)
	calls = func(parent uint32, depth int) {
		var row [4]uint32
		i := 0
		if depth > maxDepth {
			s.fail("its traces are too deep")
		}
		s.array(func() {
			if i < len(row) {
				row[i] = uint32(s.uint())
				i++
				return
			}
			i = 0
			v.traces[row[0]] = v8Trace{row[1], parent}
			calls(row[0], depth+1)
		})
	}
	calls(0, 0)
}

func (v *v8Dump) readTexts(s *scanner) {
	v.weak, v.known = map[uint32]bool{}, map[string]uint32{"context": none, "shared": none, "script_or_debug_info": none, "script": none}
	s.array(func() {
		if s.peek() != '"' {
			s.fail("expected a text")
			return
		}
		n := uint32(len(v.texts))
		v.texts = append(v.texts, s.offset())
		text := s.text(400)
		if inWeakMap(text) {
			v.weak[n] = true
		}
		if _, ok := v.known[string(text)]; ok {
			v.known[string(text)] = n
		}
	})
}

// maxText is the longest path that Linux takes (PATH_MAX).
const maxText = 4096

// text is a text of the snapshot, cut to maxText bytes; "" where there is none.
func (v *v8Dump) text(n uint32) string {
	if int64(n) >= int64(len(v.texts)) {
		return ""
	}
	s := newScanner(io.NewSectionReader(v.file, v.texts[n], 1<<62), 512)
	return unquote(s.text(maxText))
}
