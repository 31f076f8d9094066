package runtimes

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Bounds of Rank. What survives by chance shows up in some of 200 requests: a string of
// gunicorn's date header did in 116 of them, once. What a leak keeps shows up in each.
// A site below both bounds is no culprit.
const (
	minObjects = 0.9  // objects per request
	minShare   = 0.05 // of the growth per request
	maxSites   = 10
)

// Rank turns totals over requests into rates per request. It takes away what the clean
// control route left behind over as many requests; control may be nil. It orders what
// remains by how likely it is the leak: by bytes per request. A site counts less where
// its objects per request are no whole number. It counts less, too, where neither its
// file nor a caller is the user's or a library's. growthBytes is the measured growth in
// bytes per request, not positive where there was none. explained is the share of it
// that the returned sites make up (1 = all), 0 without growth.
func Rank(sites, control []Site, requests int, growthBytes float64) (ranked []Site, explained float64) {
	if requests < 1 {
		return nil, 0
	}
	taken := map[string]Site{}
	for _, c := range merge(control) {
		taken[key(c)] = c
	}
	n := float64(requests)
	for _, s := range merge(sites) {
		c := taken[key(s)]
		s.ObjectsPerRequest = max(0, s.ObjectsPerRequest-c.ObjectsPerRequest) / n
		s.BytesPerRequest = max(0, s.BytesPerRequest-c.BytesPerRequest) / n
		if s.BytesPerRequest > 0 && culprit(s, growthBytes) {
			ranked = append(ranked, s)
		}
	}
	slices.SortStableFunc(ranked, func(a, b Site) int {
		return cmp.Or(cmp.Compare(score(b), score(a)), cmp.Compare(key(a), key(b)))
	})
	ranked = ranked[:min(len(ranked), maxSites)]
	if growthBytes > 0 {
		for _, s := range ranked {
			explained += s.BytesPerRequest / growthBytes
		}
	}
	return ranked, explained
}

func culprit(s Site, growth float64) bool {
	return s.ObjectsPerRequest >= minObjects || growth > 0 && s.BytesPerRequest >= minShare*growth
}

// score weighs bytes by the evidence that they belong to each request.
func score(s Site) float64 {
	v := s.BytesPerRequest
	whole := math.Round(s.ObjectsPerRequest)
	switch {
	case whole < 1:
		v *= 0.25
	case math.Abs(s.ObjectsPerRequest-whole) > 0.1*whole:
		v *= 0.5
	}
	if s.Owner == OwnerRuntime && s.Caller == "" {
		v *= 0.5
	}
	return v
}

func key(s Site) string { return fmt.Sprintf("%s\x00%d\x00%s\x00%s", s.File, s.Line, s.Type, s.Caller) }

// merge adds up the sites of one place, type and caller, which a tracer may
// list by stack; the stack with most bytes stays.
func merge(sites []Site) []Site {
	sorted := slices.Clone(sites)
	slices.SortStableFunc(sorted, func(a, b Site) int { return cmp.Compare(b.BytesPerRequest, a.BytesPerRequest) })
	at := map[string]int{}
	var out []Site
	for _, s := range sorted {
		i, ok := at[key(s)]
		if !ok {
			at[key(s)] = len(out)
			out = append(out, s)
			continue
		}
		out[i].ObjectsPerRequest += s.ObjectsPerRequest
		out[i].BytesPerRequest += s.BytesPerRequest
	}
	return out
}
