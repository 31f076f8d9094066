package heap

import (
	"strings"
	"testing"
)

// testdata/node.heapsnapshot is a heap snapshot of Node 20 after eight calls
// that were tracked, less most of what has nothing to do with them.
func TestV8(t *testing.T) {
	const app = "/srv/shop/app.js"
	for _, c := range []struct {
		line, objects int
		want          string
	}{
		{8, 33, app + ": cache (Map) → Object"},
		{9, 16, app + ": bus (EventEmitter) → _events (Object) → x (Array) → function"},
		{10, 8, "process → mainModule (Module) → exports (Object) → shared (Array) → Object"},
		{11, 24, app + ": keys (Array) → Object"}, // the values' WeakMap holds none of them
		{12, 0, ""},
	} {
		ways, err := V8(strings.NewReader(dump(t, "node.heapsnapshot")), []Site{{File: app, Line: c.line}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ways[0].Words(), " → "); got != c.want || ways[0].Objects != c.objects {
			t.Errorf("line %d: %d objects, %s\nwant %d, %s", c.line, ways[0].Objects, got, c.objects, c.want)
		}
	}
}

// small is a snapshot by hand: the root holds an object by a reference of the
// given kind, which a function in /a.mjs, or a built-in that it calls, made.
func small(edge string) string {
	return `{"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count","trace_node_id","detachedness"],
"node_types":[["synthetic","object","array","code"]],"edge_fields":["type","name_or_index","to_node"],
"edge_types":[["context","element","property","internal","weak"]],
"trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],
"trace_node_fields":["id","function_info_index","count","size","children"]},"future":{"a":[1.5e3,true]}},
"nodes":[0,0,1,0,1,0,0, 1,1,3,16,0,3,0],"edges":[` + edge + `,7],
"trace_function_infos":[0,0,0,0,0,0, 1,1,2,1,5,1, 2,1,0,0,0,0],
"trace_tree":[1,0,0,0,[2,1,0,0,[3,2,1,16,[]]]],"samples":[],"later":[[{}]],
"strings":["","kept","file:///a.mjs","session 12345","1 / part of key (A @1) -> value (B @3) pair in WeakMap (table @5)"]}`
}

func TestV8Edges(t *testing.T) {
	for _, c := range []struct{ name, edge, want string }{
		{"a property", "2,1", "kept (kept)"},
		{"weak", "4,1", ""},
		{"an index", "1,1", ""},               // says nothing by itself
		{"a key of the request's", "2,3", ""}, // is not told
		{"a text that is not there", "2,99", ""},
	} {
		ways, err := V8(strings.NewReader(small(c.edge)), []Site{{File: "/a.mjs", Line: 5}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ways[0].Words(), " → "); got != c.want || ways[0].Objects != 1 {
			t.Errorf("%s: %d objects, %q, want %q", c.name, ways[0].Objects, got, c.want)
		}
	}
}

func TestV8Refuses(t *testing.T) {
	good := small("2,1")
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "empty"},
		{"no snapshot", "[1]", "empty, or none"},
		{"cut in the numbers", good[:strings.Index(good, `"edges"`)+12], "ends in the middle"},
		{"cut in the texts", good[:len(good)-9], "ends in the middle"},
		{"without a layout", `{"nodes":[1]}`, "begins with its layout"},
		{"a layout of a newer V8", strings.Replace(good, `"trace_node_id"`, `"where"`, 1), "without trace_node_id, which leakhunt cannot read yet"},
		{"other traces", strings.Replace(good, `"children"]`, `"calls"]`, 1), "other allocation traces"},
		{"a layout that is none", `{"snapshot":[]}`, "its layout is none"},
		{"too few references", strings.Replace(good, "0,0,1,0,1,0,0", "0,0,1,0,2,0,0", 1), "1 references of 2 objects"},
		{"a reference to nowhere", strings.Replace(good, `"edges":[2,1,7]`, `"edges":[2,1,70]`, 1), "a reference that cannot be"},
		{"an absurd number of references", strings.Replace(good, "0,0,1,0,1,0,0", "0,0,1,0,9007199254740991,0,0", 1), "a node that cannot be"},
		{"half a node", strings.Replace(good, `0,3,0],"edges"`, `0,3],"edges"`, 1), "a row is not whole"},
		{"a node of no kind", strings.Replace(good, "1,1,3,16", "9,1,3,16", 1), "a node that cannot be"},
		{"no texts", strings.Replace(good, `"strings"`, `"words"`, 1), "no texts"},
		{"without traces", strings.Replace(good, `"nodes":[0,0,1,0,1,0,0, 1,1,3,16,0,3,0]`, `"nodes":[0,0,1,0,1,0,0, 1,1,3,16,0,0,0]`, 1), "does not say where"},
		{"a trace without an end", strings.Replace(good, `"trace_tree":[`, `"trace_tree":[1,0,0,0,`+strings.Repeat("[1,0,0,0,", 2000), 1), "too deep"},
	} {
		_, err := V8(strings.NewReader(c.text), []Site{{File: "/a.mjs", Line: 5}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzV8(f *testing.F) {
	f.Add(small("4,4"), "/a.mjs", 1)
	f.Add(small("2,1"), "/a.mjs", 5)
	f.Fuzz(func(t *testing.T, text, file string, line int) {
		ways, err := V8(strings.NewReader(text), []Site{{File: file, Line: line}})
		checkWays(t, ways, err, 1)
	})
}
