package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
)

// Three leaks of 16 KiB among 1,024 URIs are found by RSS alone in at most 137,000 requests,
// an eighth of 1,000 to each, and nobody is accused.
func TestScanOfManyURIs(t *testing.T) {
	t.Parallel()
	const seeds, n, most = 1, 1024, 137_000
	h, err := crowds[0].hunt(t.Context(), n, seeds, "strategy scan")
	if err != nil {
		t.Fatal(err)
	}
	if h.found != h.leaks || h.leaks != 3*seeds || h.accused+h.lies > 0 || h.requests[seeds-1] > most {
		t.Errorf("%d of %d found, %d accused, %d lies, requests %v", h.found, h.leaks, h.accused, h.lies, h.requests)
	}
}

// Tight Ruby keeps more of what is free than a scan of the least dose can see through: it goes
// on with larger doses, as long as its floors are too wide. By the least dose three of six leaks are found.
func TestScanOfRuby(t *testing.T) {
	t.Parallel()
	h, err := crowd{"Ruby, RSS alone", "ruby tight", false}.hunt(t.Context(), 256, 2, "strategy scan\nlatency 2ms")
	if err != nil {
		t.Fatal(err)
	}
	if h.found < h.leaks-1 || h.accused+h.lies > 0 {
		t.Errorf("%d of %d found, %d accused, %d lies", h.found, h.leaks, h.accused, h.lies)
	}
}

func TestScanTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	s := scans{seeds: 1, most: 64, of: crowds[4:5]}
	if err := s.run(t.Context(), "-", &b, io.Discard); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(b.String(), "| 64 |"); rows != 3 || strings.Count(b.String(), "| 3 of 3 | 0 |") != 3 {
		t.Error(b.String())
	}
}

// By RSS alone, in a process that keeps what is free, a sweep tells more; where the time
// limit leaves it no time to tell of anybody, the default is to send groups.
func TestAutoScansWhatNoSweepEnds(t *testing.T) {
	t.Parallel()
	c := crowd{"Ruby, RSS alone", "ruby tight", false}
	const n = 96
	for limit, scans := range map[string]bool{"120s": true, "800s": true, "9000s": false} {
		w, err := simulate.Parse(strings.Replace(c.text(n, 2, "strategy auto"), "limits time 1000000s", "latency 2ms\nlimits time "+limit, 1))
		if err != nil {
			t.Fatal(err)
		}
		st := judge.New(w.Header())
		if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(record.Event) {}); err != nil {
			t.Fatal(err)
		}
		if (len(st.Groups()) > 0) != scans {
			t.Errorf("with a limit of %s: groups %v, want %v", limit, len(st.Groups()), scans)
		}
	}
}
