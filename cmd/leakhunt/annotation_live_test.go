//go:build live

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// On GitHub an annotation points at the application's own line, seen from the
// top of the repository, wherever in it leakhunt was started.
func TestAnnotation(t *testing.T) {
	t.Parallel()
	bin := build(t)
	top := t.TempDir()
	app := filepath.Join(top, "apps", "my shop")
	if err := os.CopyFS(app, os.DirFS("testdata/shop")); err != nil {
		t.Fatal(err)
	}
	ci := filepath.Join(top, "ci")
	if err := os.Mkdir(ci, 0o755); err != nil {
		t.Fatal(err)
	}
	scenario := `version: 1
name: shop
target: {command: [/usr/bin/python3, shop.py, /cart=4096], dir: "../apps/my shop", ready: {uri: /, timeout: 60s}}
requests: 250
uris: [/cart, /]
`
	if err := os.WriteFile(filepath.Join(ci, "shop.yaml"), []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bin, "run", "shop.yaml", "-q", "-o", "html=report.html", "-o", "table")
	cmd.Dir = ci
	cmd.Env = append(os.Environ(), "GITHUB_ACTIONS=true", "GITHUB_WORKSPACE="+top, "GITHUB_STEP_SUMMARY="+filepath.Join(top, "summary.md"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("%v\n%s%s", err, out, stderr.String())
	}
	source, err := os.ReadFile(filepath.Join(app, "shop.py"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(source), "KEPT.append")
	line := 1 + strings.Count(before, "\n")
	if want := fmt.Sprintf("::error file=apps/my shop/shop.py,line=%d,title=leak", line); !strings.Contains(stderr.String(), want) {
		t.Errorf("no %q in\n%s", want, stderr.String())
	}
	if want := fmt.Sprintf("made at shop.py:%d", line); !strings.Contains(strings.Join(strings.Fields(string(out)), " "), want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	page, err := os.ReadFile(filepath.Join(ci, "report.html"))
	if err != nil || !strings.Contains(string(page), "KEPT.append(bytearray(LEAKS[page]))") {
		t.Errorf("the page shows no source line: %v", err)
	}
	summary, err := os.ReadFile(filepath.Join(top, "summary.md"))
	if err != nil || !strings.Contains(string(summary), fmt.Sprintf("shop.py:%d", line)) {
		t.Errorf("the summary does not name the line: %v\n%s", err, summary)
	}
}
