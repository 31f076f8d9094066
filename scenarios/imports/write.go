package imports

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"

	"leakhunt/scenarios"
)

// Write renders a scenario. data is the name of the data file beside it, which
// WriteData renders; without one, each URI has the values of its first row.
func (f *Found) Write(w io.Writer, t scenarios.Pin, data string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, imported from %s.\n", plural(int64(len(f.Routes)), "URI"), oneLine(f.Source))
	for i, n := range f.Notes {
		fmt.Fprintf(&b, "# %s%s\n", ifElse(i == 0, "Left out: ", "          "), oneLine(n))
	}
	b.WriteString("# leakhunt schema > leakhunt.schema.json lets an editor complete this file.\n")
	b.WriteString("# yaml-language-server: $schema=./leakhunt.schema.json\nversion: 1\n")
	b.WriteString("target: # the process that is pinned; of a running application: url:\n")
	b.WriteString(t.Lines())
	b.WriteString("requests: auto # as many as each verdict needs; a number: exactly that many\n")
	if data != "" && len(f.Columns) > 0 {
		fmt.Fprintf(&b, "data: %s # %s; a request takes one\n", quoted(data), plural(int64(f.rows()), "row"))
	}
	f.writeUnfilled(&b)
	writeHeaders(&b, "", f.Headers)
	b.WriteString("uris:\n")
	for i := range f.Routes {
		f.writeRoute(&b, &f.Routes[i], data != "")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeUnfilled asks for the values that the source does not have.
func (f *Found) writeUnfilled(b *strings.Builder) {
	names := f.Unfilled()
	if len(names) == 0 {
		return
	}
	b.WriteString("# What cannot be known, or is secret: give these a value here, or capture it under before:.\n")
	b.WriteString("# leakhunt validate names each that has none.\n# vars:\n")
	for _, name := range names {
		fmt.Fprintf(b, "#   %s:\n", name)
	}
}

func (f *Found) writeRoute(b *strings.Builder, r *Route, fromFile bool) {
	var about []string
	if r.Count > 0 {
		about = append(about, plural(r.Count, "request"))
	}
	if r.Values > 1 {
		about = append(about, ifElse(fromFile, plural(int64(r.Values), "row")+" of data",
			"one of "+group(int64(r.Values))+" that it was asked for with; -o FILE writes all to a data file"))
	}
	if r.Note != "" {
		about = append(about, oneLine(r.Note))
	}
	if len(about) > 0 {
		fmt.Fprintf(b, "  # %s\n", strings.Join(about, "; "))
	}
	uri := ifElse(fromFile, r.URI, r.Example)
	if len(r.Headers) == 0 && r.Body == "" {
		fmt.Fprintf(b, "  - %s\n", quoted(strings.TrimPrefix(r.Method+" "+uri, "GET ")))
		return
	}
	fmt.Fprintf(b, "  - uri: %s\n", quoted(uri))
	if r.Method != "GET" {
		fmt.Fprintf(b, "    method: %s\n", r.Method)
	}
	writeHeaders(b, "    ", r.Headers)
	if r.Body != "" {
		fmt.Fprintf(b, "    body: %s\n", quoted(r.Body))
	}
}

func writeHeaders(b *strings.Builder, indent string, headers []scenarios.Pair) {
	if len(headers) == 0 {
		return
	}
	fmt.Fprintf(b, "%sheaders:\n", indent)
	for _, h := range headers {
		fmt.Fprintf(b, "%s  %s: %s\n", indent, quoted(h.Name), quoted(h.Value))
	}
}

// quoted is a text as YAML writes it on one line.
func quoted(s string) string {
	s = strings.ReplaceAll(s, "${", "$${")
	if text, err := yaml.Marshal(s); err == nil && bytes.Count(text, []byte("\n")) == 1 {
		return strings.TrimSuffix(string(text), "\n")
	}
	n := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: s}
	text, err := yaml.Marshal(&n)
	if err != nil {
		return `""`
	}
	return strings.TrimSuffix(string(text), "\n")
}

// oneLine keeps what came from a file inside its comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r >= 0xfffd && r <= 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
}

// rows is how many rows the data file has.
func (f *Found) rows() int {
	n := 0
	for _, c := range f.Columns {
		n = max(n, len(c.Values))
	}
	return n
}

// WriteData renders the data file. Shorter columns begin anew, so that the values
// of one request stay together.
func (f *Found) WriteData(w io.Writer) error {
	out := csv.NewWriter(w)
	record := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		record[i] = c.Name
	}
	if err := out.Write(record); err != nil {
		return err
	}
	for n := range f.rows() {
		for i, c := range f.Columns {
			record[i] = c.Values[n%len(c.Values)]
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
