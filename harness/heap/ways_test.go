package heap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What leads through the interpreter's own is taken only where nothing else
// leads on, however much longer the other way is.
func TestRubyPrefers(t *testing.T) {
	const kept = `{"address":"0x2","type":"CLASS","name":"Pool","references":["0x3"]}
{"address":"0x3","type":"ARRAY","class":"0x9","length":1,"references":["0x4"]}
{"address":"0x4","type":"STRING","class":"0x9","file":"/a.rb","line":3}
{"address":"0x9","type":"CLASS","name":"Thing","references":[]}
`
	const want = "Pool (class) → Thing of 1 → Thing"
	for _, c := range []struct{ name, text, want string }{
		{"alone", `{"type":"ROOT","root":"vm","references":["0x2"]}`, want},
		{"compiled code", `{"type":"ROOT","root":"vm","references":["0x5","0x2"]}
			{"address":"0x5","type":"IMEMO","references":["0x4"]}`, want},
		{"the C stack", `{"type":"ROOT","root":"machine_context","references":["0x4"]}{"type":"ROOT","root":"vm","references":["0x2"]}`, want},
		{"the class of another", `{"type":"ROOT","root":"vm","references":["0x5","0x2"]}
			{"address":"0x5","type":"OBJECT","class":"0x6"}{"address":"0x6","type":"CLASS","name":"Other","references":["0x4"]}`, want},
		{"only a class", `{"type":"ROOT","root":"vm","references":["0x5"]}
			{"address":"0x5","type":"OBJECT","class":"0x6"}{"address":"0x6","type":"CLASS","name":"Other","references":["0x4"]}`, "Other (class) → Thing"},
		{"only code", `{"type":"ROOT","root":"vm","references":["0x5"]}{"address":"0x5","type":"IMEMO","references":["0x4"]}`, "Thing"},
		{"only the C stack", `{"type":"ROOT","root":"machine_context","references":["0x4"]}`, "the C stack → Thing"},
		{"nothing", `{"type":"ROOT","root":"vm","references":[]}`, ""},
	} {
		ways, err := Ruby(strings.NewReader(c.text+"\n"+kept), []Site{{"/a.rb", 3, ""}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ways[0].Words(), " → "); got != c.want || ways[0].Objects != 1 {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// snapshot writes nodes "kind name", and edges "from kind name to"; nodes whose
// name begins with a capital S were made in /a.js:5.
func snapshot(nodes, edges []string) string {
	kinds, edgeKinds := []string{"synthetic", "object", "array", "code"}, []string{"context", "element", "property", "internal", "weak"}
	texts := []string{"", "/a.js"}
	text := func(s string) int {
		if !slices.Contains(texts, s) {
			texts = append(texts, s)
		}
		return slices.Index(texts, s)
	}
	var rows, links []string
	for n, node := range nodes {
		kind, name, _ := strings.Cut(node, " ")
		count, trace := 0, 0
		for _, e := range edges {
			var from, to int
			var what, label string
			if _, err := fmt.Sscan(e, &from, &what, &label, &to); err != nil {
				panic(err)
			}
			if from == n {
				count++
				links = append(links, fmt.Sprintf("%d,%d,%d", slices.Index(edgeKinds, what), text(label), 5*to))
			}
		}
		if strings.HasPrefix(name, "S") {
			trace = 2
		}
		rows = append(rows, fmt.Sprintf("%d,%d,%d,%d,%d", slices.Index(kinds, kind), text(name), n, count, trace))
	}
	return fmt.Sprintf(`{"snapshot":{"meta":{"node_fields":["type","name","id","edge_count","trace_node_id"],"node_types":[["%s"]],
"edge_fields":["type","name_or_index","to_node"],"edge_types":[["%s"]],"trace_function_info_fields":["script_name","line"],
"trace_node_fields":["id","function_info_index","count","size","children"]}},"nodes":[%s],"edges":[%s],
"trace_function_infos":[0,0,1,5],"trace_tree":[1,0,0,0,[2,1,0,0,[]]],"strings":["%s"]}`,
		strings.Join(kinds, `","`), strings.Join(edgeKinds, `","`), strings.Join(rows, ","), strings.Join(links, ","), strings.Join(texts, `","`))
}

func TestV8Prefers(t *testing.T) {
	store := []string{"synthetic root", "object Pool", "object S1", "object S2", "object S3"}
	for _, c := range []struct {
		name         string
		nodes, edges []string
		want         string
	}{
		{
			"a short way through code", append(slices.Clone(store), "code ic"),
			[]string{"0 property code 5", "5 internal x 2", "0 property store 1", "1 property list 2"},
			"store (Pool) → list (S1)",
		},
		{
			"keys of the requests' own", store,
			[]string{"0 property store 1", "1 property anna 2", "1 property bert 3", "1 property carl 4"},
			"store (Pool) → S1",
		},
		{
			"most of them", append(slices.Clone(store), "object Other"),
			[]string{"0 property other 5", "5 property one 2", "0 property store 1", "1 property anna 3", "1 property bert 4"},
			"store (Pool) → S2",
		},
		{
			"a list of their own", store,
			[]string{"0 property store 1", "1 property head 2", "2 property next 3", "3 property next 4"},
			"store (Pool) → head (S1) → next (S2) → S3",
		},
	} {
		ways, err := V8(strings.NewReader(snapshot(c.nodes, c.edges)), []Site{{File: "/a.js", Line: 5}})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(ways[0].Words(), " → "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
