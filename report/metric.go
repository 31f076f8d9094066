package report

import (
	"leakhunt/harness/result"
	"leakhunt/scenarios"
)

// plotted is r as pictures show it: what was judged stands in RSS' place in
// every series.
func plotted(r *result.Result) *result.Result {
	c := *r
	c.URIs = append([]result.URI{}, r.URIs...)
	for i := range c.URIs {
		c.URIs[i].Series = judgedSeries(c.URIs[i].Series, r.Scenario.Metric)
	}
	return &c
}

// judgedSeries is a series with the metric in RSS' place.
func judgedSeries(points []result.Point, metric string) []result.Point {
	if metric != scenarios.MetricAnon {
		return points
	}
	out := append([]result.Point{}, points...)
	for i := range out {
		out[i].RSS = out[i].Anon
	}
	return out
}

// metricName is how pictures call what they show.
func metricName(r *result.Result) string {
	if r.Scenario.Metric == scenarios.MetricAnon {
		return "Anonymous memory"
	}
	return "RSS"
}
