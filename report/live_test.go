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

	"leakhunt/harness"
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
	for _, r := range []*harness.Result{sample(), hostile()} {
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
	for _, r := range []*harness.Result{sample(), hostile()} {
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
	html := run(t, render(t, "markdown", r, Options{}), "cmark-gfm", "--unsafe", "--extension", "table", "--extension", "autolink",
		"--extension", "strikethrough")
	if n := strings.Count(html, "<tr>"); n != 1+len(r.URIs) {
		t.Errorf("%d rows for %d URIs", n, len(r.URIs))
	}
	for row := range strings.SplitSeq(html, "<tr>") {
		if n := strings.Count(row, "<td"); n != 0 && n != 7 {
			t.Errorf("%d cells: %.200s", n, row)
		}
	}
	for _, tag := range []string{"<script", "<a ", "<em>", "<title", "<style", "<img", "<del>", "<ol", "<h1"} {
		if strings.Contains(html, tag) {
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
