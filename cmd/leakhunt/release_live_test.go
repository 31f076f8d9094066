//go:build live

package main

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// What .ci/release hands out is the same bytes wherever it is built, needs no library,
// and runs: here from a copy of the module in another folder.
func TestReleaseIsReproducible(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../../.ci/release")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`CGO_ENABLED=0 .*go build (.*) -o .*`).FindSubmatch(script)
	if line == nil || !bytes.Contains(line[1], []byte("-trimpath")) {
		t.Fatal(".ci/release builds in another way")
	}
	dir := t.TempDir()
	copied := filepath.Join(dir, "elsewhere")
	run(t, ".", "mkdir -p "+copied+` && cd ../.. && cp -r cmd harness report scenarios go.mod go.sum "`+copied+`"`)
	var first []byte
	for i, from := range []string{"../..", copied} {
		out := filepath.Join(dir, "leakhunt")
		// The commit is that of the repository, which the copy is not.
		run(t, from, "CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build "+string(line[1])+" -buildvcs=false -o "+out+" ./cmd/leakhunt")
		program, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = program
		} else if !bytes.Equal(first, program) {
			t.Error("two builds differ")
		}
	}
	f, err := elf.NewFile(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it is not static: %v", p.Type)
		}
	}
	if f.Machine == elf.EM_X86_64 && bytes.Contains(first, []byte(dir)) {
		t.Error("it holds the path that it was built in")
	}
}

func run(t *testing.T, dir, command string) {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}
