package scenarios

import _ "embed" // for the schema

//go:embed leakhunt.schema.json
var schema string

// Schema is the JSON Schema (draft-07) of the scenario format, for editors.
func Schema() []byte { return []byte(schema) }
