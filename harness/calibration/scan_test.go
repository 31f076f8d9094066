package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// Three leaks of 16 KiB among 1,024 URIs are found by RSS alone in at most 137,000 requests,
// an eighth of 1,000 to each, and nobody is accused.
func TestScanOfManyURIs(t *testing.T) {
	const seeds, n, most = 1, 1024, 137_000
	h, err := crowds[0].hunt(t.Context(), n, seeds, "strategy scan")
	if err != nil {
		t.Fatal(err)
	}
	if h.found != h.leaks || h.leaks != 3*seeds || h.accused+h.lies > 0 || h.requests[seeds-1] > most {
		t.Errorf("%d of %d found, %d accused, %d lies, requests %v", h.found, h.leaks, h.accused, h.lies, h.requests)
	}
}

func TestScanTable(t *testing.T) {
	var b bytes.Buffer
	s := scans{seeds: 1, most: 64, of: crowds[3:4]}
	if err := s.run(t.Context(), "-", &b, io.Discard); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(b.String(), "| 64 |"); rows != 3 || strings.Count(b.String(), "| 3 of 3 | 0 |") != 3 {
		t.Error(b.String())
	}
}
