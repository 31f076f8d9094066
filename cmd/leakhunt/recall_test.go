package main

import (
	"testing"

	"leakhunt/harness/record"
)

// The row of new visitors is none of the plan's: a run goes on that has found it.
func TestDiffers(t *testing.T) {
	first := 0
	was := record.Header{Items: []record.Item{{Name: "/"}, {Name: record.NewVisitor, Visitor: &first}}}
	if what, then, now := differs(was, record.Header{Items: []record.Item{{Name: "/"}}}); what != "" {
		t.Errorf("%s: %s, %s", what, then, now)
	}
	what, then, now := differs(was, record.Header{Items: []record.Item{{Name: "/"}, {Name: "/cart"}}})
	if what != "the list of URIs" || then != "/" || now != "/, /cart" {
		t.Errorf("%s: %s, %s", what, then, now)
	}
}
