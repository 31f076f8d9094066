package imports

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"leakhunt/scenarios"
)

// requestBody gives a route a JSON body: an example's, or one made of the schema.
func (a *api) requestBody(r *Route, b *openapi3.RequestBody) {
	media := b.Content.Get("application/json")
	if media == nil {
		if len(b.Content) > 0 {
			r.Note = strings.TrimPrefix(r.Note+"; its body is left out: it is no JSON", "; ")
		}
		return
	}
	example := media.Example
	for _, key := range slices.Sorted(maps.Keys(media.Examples)) {
		if e := media.Examples[key]; example == nil && e != nil && e.Value != nil {
			example = e.Value.Value
		}
	}
	if example == nil {
		example = instance(media.Schema, "body", newBudget(), 0)
	}
	text, err := json.Marshal(example)
	if err != nil || example == nil {
		return
	}
	// Placeholders of instance are ours; an example's {{ would be refused.
	if body := jsonBody(text); body != "" || strings.Contains(string(text), "{{") {
		if body == "" {
			body = string(text)
		}
		if clashes(body) {
			return
		}
		r.Body = body
		if !hasHeader(r.Headers, "Content-Type") {
			r.Headers = append(r.Headers, scenarios.Pair{Name: "Content-Type", Value: "application/json"})
		}
	}
}

// clashes is whether a body holds a {{ that is no placeholder of ours.
func clashes(body string) bool {
	for _, name := range scenarios.Placeholders(body) {
		if name != identifier(name) {
			return true
		}
		body = strings.ReplaceAll(body, "{{"+name+"}}", "")
	}
	return strings.Contains(body, "{{")
}

// instance is a value that fits a schema: its example, default or first enum, else
// its required properties. A text that nothing says is a placeholder. Schemas may
// hold themselves: it goes a few levels deep.
func instance(ref *openapi3.SchemaRef, name string, b *budget, depth int) any {
	const deep = 4
	if ref == nil || ref.Value == nil || depth > deep || b.left <= 0 {
		return nil
	}
	b.left--
	s := ref.Value
	var found any
	for _, v := range slices.Concat([]any{s.Example}, s.Examples, []any{s.Default}, s.Enum, []any{s.Const}) {
		if found == nil {
			found = v
		}
	}
	switch {
	case secretName(name):
		return "{{" + identifier(name) + "}}"
	case found != nil:
		return found
	case s.Type.Is("object") || len(s.Properties) > 0 || len(s.AllOf) > 0:
		object := map[string]any{}
		for _, part := range s.AllOf {
			if more, ok := instance(part, name, b, depth+1).(map[string]any); ok {
				maps.Copy(object, more)
			}
		}
		for _, key := range s.Required {
			if v := instance(s.Properties[key], key, b, depth+1); v != nil {
				object[key] = v
			}
		}
		return object
	case len(s.OneOf) > 0:
		return instance(s.OneOf[0], name, b, depth+1)
	case len(s.AnyOf) > 0:
		return instance(s.AnyOf[0], name, b, depth+1)
	case s.Type.Is("array"):
		if item := instance(s.Items, singular(name), b, depth+1); item != nil {
			return []any{item}
		}
		return []any{}
	case s.Type.Is("integer"), s.Type.Is("number"):
		if s.Min != nil {
			return *s.Min
		}
		return 1
	case s.Type.Is("boolean"):
		return true
	}
	return "{{" + identifier(name) + "}}"
}
