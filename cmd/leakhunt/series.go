package main

import (
	"fmt"
	"slices"

	"leakhunt/harness/recorded"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// judgeSeries is the verdict on one recording. What breaks the series in two
// takes the ground from any verdict.
func judgeSeries(s recorded.Series, burnIn int) verdict.Judgement {
	broken := slices.IndexFunc(s.Warnings, func(w recorded.Warning) bool {
		return slices.Contains([]string{"process-gone", "restart", "too-small"}, w.Code)
	})
	if broken >= 0 {
		return verdict.Judgement{Label: verdict.Inconclusive, Requests: len(s.RSS), Reason: s.Warnings[broken].Message}
	}
	if from, to, most := hole(s, burnIn); to > from {
		return verdict.Judgement{Label: verdict.Inconclusive, Requests: len(s.RSS), Reason: fmt.Sprintf(
			"there is no reading between request %s and %s: a verdict needs one every %s requests",
			units.Count(from), units.Count(to), units.Count(most))}
	}
	return verdict.Judge(perRequest(s), burnIn, verdict.Params{})
}

// leastReadings is how many readings, evenly spread, the judged part of a series
// must have: two for each of the blocks that growth is tested on. The recorded
// series of the calibration, thinned to that, get the verdicts that they get
// whole.
const leastReadings = 32

// hole is the first gap between two readings of the judged part that is longer than
// most requests. from and to are the requests at its ends; without a gap they are
// equal. most is the longest gap that still leaves enough readings.
func hole(s recorded.Series, burnIn int) (from, to, most int) {
	first, last := s.Requests[0], s.Requests[len(s.Requests)-1]
	begin := first + burnIn
	most = max(1, (last-begin)/leastReadings)
	for i := 1; i < len(s.Requests); i++ {
		if from, to := max(begin, s.Requests[i-1]), s.Requests[i]; to-from > most {
			return from, to, most
		}
	}
	return 0, 0, most
}

// perRequest is the series with one value for each request: between readings
// that lie further apart the last one holds.
func perRequest(s recorded.Series) []float64 {
	if len(s.Requests) == 0 {
		return nil
	}
	last := s.Requests[len(s.Requests)-1]
	mem := make([]float64, 0, last-s.Requests[0]+1) // recorded.Read bounds it
	at := 0
	for n := s.Requests[0]; n <= last; n++ {
		for at+1 < len(s.Requests) && s.Requests[at+1] <= n {
			at++
		}
		mem = append(mem, s.RSS[at])
	}
	return mem
}
