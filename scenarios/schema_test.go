package scenarios

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(Schema())))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:///leakhunt.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("mem:///leakhunt.schema.json") // against the meta-schema of draft-07, too
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is a YAML value as an editor hands it to the schema: aliases and
// merges carried out, dates as text.
func asJSON(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = asJSON(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		l := []any{}
		for _, c := range n.Content {
			l = append(l, asJSON(t, c))
		}
		return l
	}
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return n.Value == "true"
	case "!!int", "!!float":
		var number any
		if err := n.Decode(&number); err != nil {
			t.Fatal(err)
		}
		return number
	}
	return n.Value
}

func validate(t *testing.T, schema *jsonschema.Schema, data []byte) error {
	t.Helper()
	roots, err := parseYAML(data)
	if err != nil || len(roots) != 1 {
		t.Fatalf("%d documents, %v", len(roots), err)
	}
	return schema.Validate(asJSON(t, (&inliner{d: &decoder{}}).node(roots[0])))
}

func TestSchemaAcceptsGoodScenarios(t *testing.T) {
	schema := compileSchema(t)
	for _, file := range glob(t, "testdata/good/*.yaml", 14) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, data); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// secretsOnly is the environment of a user who has set what has no default.
func secretsOnly(name string) (string, bool) {
	return "a long value", strings.HasSuffix(name, "_PASSWORD")
}

// The examples of this folder load, and the schema accepts them.
func TestExamples(t *testing.T) {
	schema := compileSchema(t)
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, schema, data); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if _, err := Parse(data, file, Options{LookupEnv: secretsOnly}); err != nil {
			t.Error(err)
		}
	}
}

func TestSchemaRefusesBadScenarios(t *testing.T) {
	schema := compileSchema(t)
	for _, name := range []string{
		"keys", "counts", "sizes", "two-targets", "target-passenger-url", "no-target", "empty-target", "target-keys",
		"command-string", "fastcgi-missing", "passenger", "uris", "no-uris", "null-uris", "captures", "runtime-word",
		"runtime-typo", "runtime-two", "runtime-none", "runtime-paths", "measure", "settle", "version", "list",
	} {
		data, err := os.ReadFile("testdata/bad/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if name == "keys" {
			data = []byte(strings.Split(string(data), "\ntimeout")[0])
		}
		if validate(t, schema, data) == nil {
			t.Errorf("the schema accepts %s", name)
		}
	}
}

// The keys that the loader knows are those of the schema, in every mapping.
func TestSchemaHasTheLoadersKeys(t *testing.T) {
	d := &decoder{}
	loader := map[string]fields{
		"":                 d.scenarioFields(&Scenario{}),
		"target":           d.targetFields(&Target{}),
		"target/demo":      d.demoFields(),
		"target/ready":     d.readyFields(&Ready{}),
		"target/passenger": d.passengerFields(&Passenger{}),
		"target/fastcgi":   d.fastcgiFields(&FastCGI{}),
		"step":             d.stepFields(&Step{}, 0),
		"capture":          d.captureFields(&Capture{}),
		"uri":              d.uriFields(&URI{}),
		"uri/ignore":       d.ignoreFields(&Ignore{}),
		"expect":           d.expectFields(&Expect{}, 0),
		"runtime":          d.runtimeFields(&Runtime{}),
		"runtime/agent":    d.agentFields(&Runtime{}),
		"runtime/puma":     d.pumaFields(&Runtime{}),
		"runtime/go":       d.goFields(&Runtime{}),
		"runtime/node":     {},
		"runtime/jvm":      {},
		"settle":           d.settleFields(&Settle{}),
		"probe":            d.probeFields(&Probe{}),
		"limits":           d.limitFields(&Limits{}),
	}
	var root map[string]any
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	inSchema := map[string][]string{}
	walk(t, "", root, inSchema)
	for name, def := range root["definitions"].(map[string]any) {
		walk(t, name, def.(map[string]any), inSchema)
	}
	for at, f := range loader {
		if want, got := slices.Sorted(maps.Keys(f)), inSchema[at]; !slices.Equal(want, got) {
			t.Errorf("%q: the loader knows %v, the schema %v", at, want, got)
		}
		delete(inSchema, at)
	}
	for at := range inSchema {
		t.Errorf("%q: the schema has a mapping that the loader is not asked about", at)
	}
}

// walk notes the property names of every mapping of fixed keys, and sees that
// each is described and closed.
func walk(t *testing.T, at string, s map[string]any, found map[string][]string) {
	t.Helper()
	properties, ok := s["properties"].(map[string]any)
	if !ok {
		return
	}
	if s["additionalProperties"] != false {
		t.Errorf("%q takes unknown keys", at)
	}
	found[at] = slices.Sorted(maps.Keys(properties))
	for name, p := range properties {
		sub := p.(map[string]any)
		if sub["title"] == nil || sub["description"] == nil {
			t.Errorf("%q: %s has no title or no description", at, name)
		}
		walk(t, strings.TrimPrefix(at+"/"+name, "/"), sub, found)
	}
}

func TestSchemaHasTheLoadersMethods(t *testing.T) {
	var s struct {
		Definitions struct {
			Method struct {
				AnyOf []struct{ Enum []string } `json:"anyOf"`
			}
		}
	}
	if err := json.Unmarshal(Schema(), &s); err != nil {
		t.Fatal(err)
	}
	if got := s.Definitions.Method.AnyOf[0].Enum; !slices.Equal(got, Methods()) {
		t.Errorf("the schema has %v, the loader %v", got, Methods())
	}
}
