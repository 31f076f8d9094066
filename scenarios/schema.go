package scenarios

import (
	"embed"
	_ "embed" // for the schema
)

// Examples holds the scenarios of this folder, *.yaml, and the schema that
// their first lines name, so that a copy of it works in an editor.
//
//go:embed *.[jy]*
var Examples embed.FS

//go:embed leakhunt.schema.json
var schema string

// Schema is the JSON Schema (draft-07) of the scenario format, for editors.
func Schema() []byte { return []byte(schema) }
