package main

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// lineReader reads what a command says, line by line.
type lineReader struct {
	lines *bufio.Scanner
	seen  strings.Builder
}

// startLines starts a command that ends with the test, and reads its stderr.
func startLines(t *testing.T, cmd *exec.Cmd) *lineReader {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return newLineReader(stderr)
}

func newLineReader(r io.Reader) *lineReader { return &lineReader{lines: bufio.NewScanner(r)} }

func (r *lineReader) next() (string, bool) {
	if !r.lines.Scan() {
		return "", false
	}
	r.seen.WriteString(r.lines.Text() + "\n")
	return r.lines.Text(), true
}

// rest reads to the end and returns everything.
func (r *lineReader) rest() string {
	for {
		if _, ok := r.next(); !ok {
			return r.all()
		}
	}
}

func (r *lineReader) all() string { return r.seen.String() }
