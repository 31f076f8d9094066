package strategy_test

import (
	"testing"

	"leakhunt/harness/hunttest"
)

// The texts say what is done in which order, and what comes of it. Package hunttest
// tells how they are read; go test -rewrite writes the answers anew.
func TestTexts(t *testing.T) { hunttest.Run(t, nil) }
