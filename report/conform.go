package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// schemas are that of a result, and that of a URI in it.
type schemas struct{ result, uri *jsonschema.Schema }

var compiled = sync.OnceValues(func() (s schemas, err error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		return s, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("result.schema.json", doc); err != nil {
		return s, err
	}
	if s.result, err = c.Compile("result.schema.json"); err != nil {
		return s, err
	}
	s.uri, err = c.Compile("result.schema.json#/properties/uris/items")
	return s, err
})

// conforms checks well-formed text against the schema, and names what is wrong first.
// It does so URI by URI: as values of any type, all of them take 15 times the text.
func conforms(text []byte) error {
	s, err := compiled()
	if err != nil {
		return fmt.Errorf("result.schema.json: %w", err)
	}
	rest := map[string]json.RawMessage{}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil { // {
		return damaged(err.Error())
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return damaged(err.Error())
		}
		key, _ := token.(string)
		if key == "uris" && begins(text[d.InputOffset():], '[') {
			rest[key] = json.RawMessage("[]")
			if err := eachURI(d, s.uri); err != nil {
				return err
			}
			continue
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return damaged(err.Error())
		}
		rest[key] = value
	}
	short, err := json.Marshal(rest)
	if err != nil {
		return damaged(err.Error())
	}
	return valid(s.result, short)
}

// begins says whether the value after a key begins so.
func begins(text []byte, with byte) bool {
	text = bytes.TrimLeft(text, ": \t\r\n")
	return len(text) > 0 && text[0] == with
}

// eachURI checks the list that follows.
func eachURI(d *json.Decoder, schema *jsonschema.Schema) error {
	if _, err := d.Token(); err != nil { // [
		return damaged(err.Error())
	}
	for i := 0; d.More(); i++ {
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return damaged(err.Error())
		}
		if err := valid(schema, value, "uris", strconv.Itoa(i)); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// valid checks one value, which stands at a place in the file.
func valid(schema *jsonschema.Schema, text []byte, at ...string) error {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return damaged(err.Error())
	}
	err = schema.Validate(doc)
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		for len(invalid.Causes) > 0 {
			invalid = invalid.Causes[0]
		}
		where := strings.Join(append(at, invalid.InstanceLocation...), ".")
		if where == "" {
			where = "the file"
		}
		return damaged(where + ": " + invalid.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
	}
	return err
}
