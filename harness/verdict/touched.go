package verdict

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"leakhunt/harness/units"
)

// leastTouched is the fewest increments of the touched set that are judged.
const leastTouched = 8

// Touched judges the touched set of a process while one URI is sent: edges are
// the bytes of resident pages that it has read or written since the series
// began (/proc/PID/clear_refs, Documentation/filesystems/proc.rst). Who uses
// the same memory again saturates. Who leaks touches new pages forever, also
// where RSS stands still because the pages were resident and free.
//
// A collection walks through the heap once and adds a step. So the rate is the median
// of the increments of the second half. Its interval is that of order statistics, which
// holds for any distribution (David and Nagaraja 2003, Order Statistics, 7.1): between
// the k-th smallest and the k-th largest of m, k the largest with 2·P(Bin(m, ½) < k) ≤
// 0.05. Each increment is known to a page: the interval of a leak is wider by that.
func Touched(edges []Edge, p Params) Judgement {
	p = p.withDefaults()
	if len(edges) < 2*leastTouched {
		return undecided(0, fmt.Sprintf("%d readings of the touched set are too few", len(edges)), 0)
	}
	last := edges[len(edges)-1].Requests
	var rates []float64
	page := 0.0 // what one page is in an increment, at most
	for i := len(edges) / 2; i < len(edges); i++ {
		n := float64(edges[i].Requests - edges[i-1].Requests)
		rate := (edges[i].Value - edges[i-1].Value) / n
		if n <= 0 || math.IsNaN(rate) || math.IsInf(rate, 0) {
			return undecided(last, "the readings of the touched set are out of order", 0)
		}
		rates, page = append(rates, rate), max(page, p.Page/n)
	}
	slices.Sort(rates)
	m := len(rates)
	k := 1 // the k-th smallest, counted from 1
	for half := (distuv.Binomial{N: float64(m), P: 0.5}); 2*half.CDF(float64(k)) <= 0.05; k++ {
	}
	j := Judgement{
		Label: Inconclusive, Growth: (rates[(m-1)/2] + rates[m/2]) / 2, Low: rates[k-1], High: rates[m-k], Requests: last,
	}
	// What comes in steps, such as a leak of every two-hundredth request, moves no median.
	half := edges[len(edges)/2-1]
	window := float64(last - half.Requests)
	mean := (edges[len(edges)-1].Value - half.Value) / window
	j.Every = rarest(math.Max(0, mean-j.High), window)
	j.Detectable = math.Max(mean, math.Max(0, j.High)) + p.Slack/float64(last)
	switch {
	case j.Low > p.MinSlope && j.Low > j.Growth/2:
		j.Label = Leak
		j.Low, j.High = max(p.MinSlope, j.Low-page), j.High+page
		j.Reason = Lasted(fmt.Sprintf("touched %s of new memory", units.Bytes(j.Growth)), last)
	case j.High < p.MinSlope:
		j.Label = Stable
		j.Reason = fmt.Sprintf("touched no new memory above %s per request", units.Bytes(j.Detectable))
	default:
		j.Reason = fmt.Sprintf("touched %s to %s of new memory per request", units.Bytes(j.Low), units.Bytes(j.High))
	}
	return j
}
