package main

import (
	"bytes"
	"errors"
	"os/exec"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// What -o json leaves on stdout is one JSON document, and conforms to what
// schema --result prints; one that does not conform is told apart.
func TestJSONConforms(t *testing.T) {
	t.Parallel()
	schema := resultSchema(t)
	out, err := exec.Command("leakhunt", "run", shopScenario(t, goShop(t)("/cart=8192"), []string{"/", "/cart", "/orders/{{n}}"}), "-o", "json").Output()
	if code := exitOf(err); code != 1 {
		t.Fatalf("exit code %d: %v", code, err)
	}
	result, err := jsonschema.UnmarshalJSON(bytes.NewReader(out)) // refuses what follows the document
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(result); err != nil {
		t.Error(err)
	}
	broken, err := jsonschema.UnmarshalJSON(bytes.NewReader(bytes.Replace(out, []byte(`"verdict": "leak"`), []byte(`"verdict": 7`), 1)))
	if err != nil {
		t.Fatal(err)
	}
	if schema.Validate(broken) == nil {
		t.Error("a verdict that is a number conforms")
	}
}

func exitOf(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// resultSchema is what schema --result prints.
func resultSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schemaText, err := exec.Command("leakhunt", "schema", "--result").Output()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("result.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("result.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
