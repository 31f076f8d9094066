package main

import (
	"bytes"
	"strings"
	"testing"
)

// What takes a target long is told while it waits, unless nothing is to be said;
// no name can do anything to the terminal.
func TestWaitingIsTold(t *testing.T) {
	for quiet, want := range map[bool]string{false: "waiting for \ufffd[2J\n", true: ""} {
		var out, said bytes.Buffer
		a := newApp(strings.NewReader(""), &out, &said)
		a.quiet = quiet
		a.targetOptions().Note("waiting for \x1b[2J")
		if out.Len() > 0 || said.String() != want {
			t.Errorf("quiet: %t, %q, %q on stdout", quiet, said.String(), out.String())
		}
	}
}
