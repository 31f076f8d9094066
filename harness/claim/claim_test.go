package claim_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"leakhunt/harness/claim"
	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

func TestOneProcessIsClaimedOnce(t *testing.T) {
	id := proc.ID{PID: 1 << 23, Start: uint64(os.Getpid())} // no such pid: nobody else claims it
	release, err := claim.Take(id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = claim.Take(id)
	if err == nil || fault.KindOf(err) != fault.Measure {
		t.Fatalf("claimed twice: %v", err)
	}
	if text := err.Error(); !strings.Contains(text, fmt.Sprintf("leakhunt already, pid %d", os.Getpid())) {
		t.Error(text)
	}
	// The pid alone is used again by the kernel.
	later := id
	later.Start++
	again, err := claim.Take(later)
	if err != nil {
		t.Error(err)
	} else {
		again()
	}
	release()
	release, err = claim.Take(id)
	if err != nil {
		t.Fatalf("after its release: %v", err)
	}
	release()
}
