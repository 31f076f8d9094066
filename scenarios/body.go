package scenarios

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"gopkg.in/yaml.v3"
)

// form reads the fields of a form and encodes them. Placeholders stay as they
// are: their values are encoded when they are known.
func (d *decoder) form(dst *string, step int) reader {
	return func(n *yaml.Node) {
		var parts []string
		d.pairs(n, "write field: value, such as form: {user: admin}", func(key, value *yaml.Node) {
			d.uses = append(d.uses, use{key, key.Value, step})
			d.values(value, func(item *yaml.Node) {
				var s string
				d.template(step, func(s *string) reader { return d.plain(s) })(&s)(item)
				parts = append(parts, around(key.Value, url.QueryEscape)+"="+around(s, url.QueryEscape))
			})
		})
		*dst = strings.Join(parts, "&")
	}
}

// around encodes what stands around the placeholders of s.
func around(s string, encode func(string) string) string {
	var b strings.Builder
	last := 0
	for _, at := range placeholder.FindAllStringIndex(s, -1) {
		b.WriteString(encode(s[last:at[0]]) + s[at[0]:at[1]])
		last = at[1]
	}
	b.WriteString(encode(s[last:]))
	return b.String()
}

// json reads any value and encodes it as JSON, keys in the order of the file.
func (d *decoder) json(dst *string, step int) reader {
	return func(n *yaml.Node) {
		var b bytes.Buffer
		d.encode(&b, n, step)
		*dst = b.String()
	}
}

func (d *decoder) encode(b *bytes.Buffer, n *yaml.Node, step int) {
	switch n.Kind {
	case yaml.MappingNode:
		comma := "{"
		d.pairs(n, "", func(key, value *yaml.Node) {
			d.uses = append(d.uses, use{key, key.Value, step})
			b.WriteString(comma)
			quote(b, key.Value)
			b.WriteByte(':')
			d.encode(b, value, step)
			comma = ","
		})
		if comma == "{" {
			b.WriteByte('{')
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, item := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			d.encode(b, item, step)
		}
		b.WriteByte(']')
	default:
		d.encodeScalar(b, n, step)
	}
}

func (d *decoder) encodeScalar(b *bytes.Buffer, n *yaml.Node, step int) {
	s, ok := d.scalar(n, "a value", "")
	switch {
	case !ok:
	case s.expanded || s.tag == "!!str" || s.tag == "!!timestamp":
		// What comes from the environment is text: a password of digits must
		// not turn into a number.
		d.uses = append(d.uses, use{n, s.text, step})
		quote(b, s.text)
	case s.tag == "!!null":
		b.WriteString("null")
	case s.tag == "!!bool":
		b.WriteString(strings.ToLower(s.text))
	case (s.tag == "!!int" || s.tag == "!!float") && json.Valid([]byte(s.text)):
		b.WriteString(s.text)
	default:
		d.problem(n, "write it as JSON has it, or in quotes for a text", "JSON has no such value")
	}
}

// quote appends a JSON string. Unlike json.Marshal it leaves <, > and & alone.
func quote(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) == nil { // a string always encodes
		b.Truncate(b.Len() - 1) // the line break
	}
}
