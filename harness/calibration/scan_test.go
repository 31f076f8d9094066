package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
	"leakhunt/harness/verdict"
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

// Ruby's allocator hands memory back once in many collections, so that the lowest reading of one
// group has seen that, and of the next has not: that is more than three leaks of 16 KiB add. The
// median of the readings is off by less. By the lowest, one of twelve is missed.
func TestScanOfRuby(t *testing.T) {
	t.Parallel()
	h, err := crowd{"Ruby, RSS alone", "ruby tight", false}.hunt(t.Context(), 96, 4, "strategy scan\nlatency 2ms")
	if err != nil {
		t.Fatal(err)
	}
	if h.found < h.leaks || h.leaks != 12 || h.accused+h.lies > 0 {
		t.Errorf("%d of %d found, %d accused, %d lies", h.found, h.leaks, h.accused, h.lies)
	}
}

// Which URI is sent before readings is chosen before anybody knows who leaks. One that keeps
// what it makes would be in every group, so another is sent once it shows.
func TestScanBesideALeakThatMovesMost(t *testing.T) {
	t.Parallel()
	const n = 128
	w, err := simulate.Parse(crowd{"Ruby, RSS alone", "ruby tight", false}.text(n, 80000001, "strategy scan"))
	if err != nil {
		t.Fatal(err)
	}
	st := judge.New(w.Header())
	ahead, swept := map[bool]int{}, false
	if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(e record.Event) {
		b, ok := e.(record.Began)
		if swept = swept || ok && b.Purpose == record.Sweep; ok && !swept && b.Purpose == record.Lead {
			ahead[slices.Contains(leaksIn(n), b.URI)]++
		}
	}); err != nil {
		t.Fatal(err)
	}
	if ahead[true] == 0 || ahead[true] > 5 || ahead[false] < 50 {
		t.Errorf("leaks were sent before %d readings, others before %d", ahead[true], ahead[false])
	}
}

// A scan tells the largest leak first, by RSS too: what that adds does not hide the others.
func TestScanTellsTheLargestFirst(t *testing.T) {
	t.Parallel()
	const n = 96
	text := strings.ReplaceAll(crowd{"Ruby, RSS alone", "ruby tight", false}.text(n, 80000001, "strategy scan\nlatency 2ms"), ", leak 16384B objects 60", "")
	for i, at := range leaksIn(n) {
		was := fmt.Sprintf("uri /u%d garbage", at)
		text = strings.Replace(text, was, fmt.Sprintf("uri /u%d leak %dKiB objects 60, garbage", at, 64>>i), 1)
	}
	w, err := simulate.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	st := judge.New(w.Header())
	var told []int
	if err := harness.Hunt(t.Context(), w, st, strategy.Hunt{}, func(e record.Event) {
		if _, ok := e.(record.Finished); !ok {
			return
		}
		for i, f := range st.Findings() {
			if f.Label == verdict.Leak && !slices.Contains(told, i) {
				told = append(told, i)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told, leaksIn(n)) {
		t.Errorf("told in the order %v, and %v leak, the first one most", told, leaksIn(n))
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
