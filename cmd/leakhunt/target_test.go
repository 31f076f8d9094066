package main

import (
	"bytes"
	"strings"
	"testing"

	"leakhunt/harness/target"
)

// What takes a target long is told while it waits, unless nothing is to be said, or no
// progress is asked for; no name can do anything to the terminal.
func TestWaitingIsTold(t *testing.T) {
	waits := func(o target.Options) {
		if o.Note != nil {
			o.Note("waiting for \x1b[2J")
		}
	}
	for name, tt := range map[string]struct {
		quiet          bool
		progress, want string
	}{
		"auto": {false, "auto", "waiting for \ufffd[2J\n"}, "quiet": {true, "plain", ""}, "none": {false, "none", ""},
	} {
		var out, said bytes.Buffer
		a := newApp(strings.NewReader(""), &out, &said)
		a.quiet, a.color = tt.quiet, "never"
		if _, err := a.observer(tt.progress, "rss"); err != nil {
			t.Fatal(err)
		}
		waits(a.targetOptions())
		if out.Len() > 0 || said.String() != tt.want {
			t.Errorf("%s: %q, %q on stdout", name, said.String(), out.String())
		}
	}
}
