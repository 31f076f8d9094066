//go:build live

// Tests that need Debian's packages libxml2-utils, python3-prometheus-client
// and cmark-gfm.
package report

import (
	"bytes"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
)

func run(t *testing.T, stdin []byte, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	return string(out)
}

func TestJUnitSchema(t *testing.T) {
	for _, r := range []*result.Result{sample(), hostile()} {
		for _, failOn := range []string{FailOnLeak, FailOnInconclusive, FailOnNever} {
			run(t, render(t, "junit", r, Options{FailOn: failOn}), "xmllint", "--noout", "--schema", "testdata/junit.xsd", "-")
		}
	}
}

// The reference parser of OpenMetrics finds every sample.
func TestOpenMetricsParser(t *testing.T) {
	const script = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
n = 0
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.type == "gauge" and family.documentation, family
    n += len(family.samples)
print(n)`
	for _, r := range []*result.Result{sample(), hostile()} {
		text := render(t, "openmetrics", r, Options{})
		want := 0
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "#") {
				want++
			}
		}
		if got := strings.TrimSpace(run(t, text, "/usr/bin/python3", "-c", script)); got == "0" || got != strconv.Itoa(want) {
			t.Errorf("%s samples, want %d", got, want)
		}
	}
}

// GitHub's own parser shows every name as text, in a cell of its own.
func TestMarkdownParser(t *testing.T) {
	r := hostile()
	page := run(t, render(t, "markdown", r, Options{}), "cmark-gfm", "--unsafe", "--extension", "table", "--extension", "autolink",
		"--extension", "strikethrough")
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	const columns = 8
	var cells []string
	for n := range doc.Descendants() {
		if n.DataAtom == atom.Td {
			var text strings.Builder
			for c := range n.Descendants() {
				if c.Type == html.TextNode {
					text.WriteString(c.Data)
				}
			}
			cells = append(cells, text.String())
		}
	}
	if len(cells) != columns*len(r.URIs) {
		t.Fatalf("%d cells for %d URIs", len(cells), len(r.URIs))
	}
	for i := range r.URIs {
		if got, want := cells[columns*i+1], clean(label(&r.URIs[i])); got != want {
			t.Errorf("cell %q, want %q", got, want)
		}
		if got, want := cells[columns*i+columns-1], units.Count(r.URIs[i].Requests); got != want {
			t.Errorf("%s: last cell %q, want %q", cells[columns*i+1], got, want)
		}
	}
	for _, tag := range []string{"<script", "<a ", "<em>", "<title", "<style", "<img", "<del>", "<ol", "<h1"} {
		if strings.Contains(page, tag) {
			t.Errorf("a name became %s>", tag)
		}
	}
}

// What shell quotes, a shell takes as one word.
func TestShellWord(t *testing.T) {
	for _, name := range hostileNames() {
		name = strings.ReplaceAll(name, "\x00", "")
		if got := run(t, nil, "sh", "-c", "printf %s "+shell(name)); got != name {
			t.Errorf("%q became %q", name, got)
		}
	}
}
