package main

import (
	"strings"
	"testing"
)

// A command that panics is no wrong command line, and no bad commit. What it has deferred
// is done.
func TestPanicIsAnError(t *testing.T) {
	var done bool
	err := sound(func() error {
		defer func() { done = true }()
		panic("index out of range")
	})
	if !done || err == nil || !strings.Contains(err.Error(), "index out of range") || !strings.Contains(err.Error(), "exit_test.go") {
		t.Errorf("deferred done %t, error %v", done, err)
	}
	if code := exitCode(err, false); code != exitUnmeasured {
		t.Errorf("exit code %d", code)
	}
	if code := exitCode(err, true); code != bisectSkip {
		t.Errorf("exit code %d for git bisect", code)
	}
	if err := sound(func() error { return nil }); err != nil {
		t.Error(err)
	}
}
