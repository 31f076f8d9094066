package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// goShop compiles testdata/shop, once for all tests. What it returns is the command that
// starts it with leaks, /page=BYTES each.
func goShop(t *testing.T) func(leaks ...string) []string {
	t.Helper()
	bin, err := compiledShop()
	if err != nil {
		t.Fatal(err)
	}
	return func(leaks ...string) []string {
		command := []string{bin}
		for _, l := range leaks {
			command = append(command, "-leak", l)
		}
		return command
	}
}

var compiledShop = sync.OnceValues(func() (bin string, err error) {
	bin = filepath.Join(os.Getenv("XDG_STATE_HOME"), "bin", "shop")
	if out, err := exec.Command("go", "build", "-o", bin, "./testdata/shop").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, nil
})

// shopScenario writes a scenario of 250 requests to each of the pages, or with
// other lines in the place of requests:.
func shopScenario(t *testing.T, command, pages []string, lines ...string) (file string) {
	t.Helper()
	if len(lines) == 0 {
		lines = []string{"requests: 250"}
	}
	text := fmt.Sprintf("version: 1\nname: shop\ntarget: {command: %s}\n%s\nsites: off\nuris: %s\n", list(t, command),
		strings.Join(lines, "\n"), list(t, pages))
	file = filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// list is words as YAML has them, which takes JSON.
func list(t *testing.T, words []string) []byte {
	t.Helper()
	text, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
