package report

import (
	"leakhunt/harness"
	"leakhunt/scenarios"
)

// plotted is r as pictures show it: what was judged stands in RSS' place in
// every series.
func plotted(r *harness.Result) *harness.Result {
	c := *r
	c.URIs = append([]harness.URIResult{}, r.URIs...)
	for i := range c.URIs {
		c.URIs[i].Series = judgedSeries(c.URIs[i].Series, r.Scenario.Metric)
	}
	return &c
}

// judgedSeries is a series with the metric in RSS' place.
func judgedSeries(points []harness.Point, metric string) []harness.Point {
	if metric != scenarios.MetricAnon {
		return points
	}
	out := append([]harness.Point{}, points...)
	for i := range out {
		out[i].RSS = out[i].Anon
	}
	return out
}

// metricName is how pictures call what they show.
func metricName(r *harness.Result) string {
	if r.Scenario.Metric == scenarios.MetricAnon {
		return "Anonymous memory"
	}
	return "RSS"
}
