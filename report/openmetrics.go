package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"leakhunt/harness/result"
)

// writeOpenMetrics writes an exposition of OpenMetrics 1.0. All families are
// gauges without timestamps, and HELP and TYPE alone describe them, so that it
// is a valid exposition of Prometheus' text format too: node_exporter's
// textfile collector reads it (name the file *.prom), where "# EOF" is a
// comment. GitLab's metrics widget takes each line as a name and a value; it
// leaves out lines with "#" in a name.
func writeOpenMetrics(w io.Writer, r *result.Result, _ Options) error {
	var b strings.Builder
	run := [][2]string{{"scenario", r.Scenario.Name}}
	single := func(name, help string, v float64) {
		family(&b, name, help)
		oneSample(&b, name, run, v)
	}
	each := func(name, help string, all bool, v func(*result.URI) float64) {
		family(&b, name, help)
		for _, u := range pointers(r) {
			if all || Measured(u) {
				oneSample(&b, name, uriLabels(r, u), v(u))
			}
		}
	}
	type u = *result.URI
	each("leakhunt_growth_bytes_per_request", "Growth of memory with each request.", false, func(u u) float64 { return u.Growth })
	each("leakhunt_growth_low_bytes_per_request", "Lower end of the growth's confidence interval.", false, func(u u) float64 { return u.GrowthLow })
	each("leakhunt_growth_high_bytes_per_request", "Upper end of the growth's confidence interval.", false, func(u u) float64 { return u.GrowthHigh })
	each("leakhunt_detectable_bytes_per_request", "Detection floor: a leak above it is excluded, or would have been found.", false, func(u u) float64 { return u.Detectable })
	family(&b, "leakhunt_detectable_live_bytes_per_request", "Detection floor of what a runtime's counter counts alone.")
	for _, u := range pointers(r) {
		if Measured(u) && u.Counted > 0 {
			oneSample(&b, "leakhunt_detectable_live_bytes_per_request", uriLabels(r, u), u.Counted)
		}
	}
	family(&b, "leakhunt_uri_growth_of", "1 for the memory whose growth is told, which is a label: rss, anon or a counter.")
	for _, u := range pointers(r) {
		if Measured(u) && u.GrowthOf != "" {
			oneSample(&b, "leakhunt_uri_growth_of", append(uriLabels(r, u), [2]string{"of", u.GrowthOf}), 1)
		}
	}
	each("leakhunt_uri_rss_peak_bytes", "Highest resident set size while the URI ran.", false, func(u u) float64 { return float64(u.RSSPeak) })
	each("leakhunt_uri_requests", "Judged requests.", true, func(u u) float64 { return float64(u.Requests) })
	each("leakhunt_uri_errors", "Judged requests that failed.", true, func(u u) float64 { return float64(u.Errors) })
	yes := map[bool]float64{true: 1}
	each("leakhunt_uri_over_budget", "1 where the growth breaks the URI's budget.", true, func(u u) float64 { return yes[u.OverBudget] })
	each("leakhunt_uri_ignored", "1 where the scenario lets the URI fail nothing.", true, func(u u) float64 { return yes[u.Ignored] })
	family(&b, "leakhunt_uri_verdict", "1 for the verdict on the URI, which is a label.")
	for _, u := range pointers(r) {
		oneSample(&b, "leakhunt_uri_verdict", append(uriLabels(r, u), [2]string{"verdict", string(u.Verdict)}), 1)
	}
	family(&b, "leakhunt_run_uris", "URIs by verdict.")
	s := r.Summary
	for _, v := range []struct {
		name string
		n    int
	}{{"leak", s.Leak}, {"bloat", s.Bloat}, {"warmup", s.Warmup}, {"stable", s.Stable}, {"inconclusive", s.Inconclusive}, {"error", s.Error}} {
		oneSample(&b, "leakhunt_run_uris", append(run, [2]string{"verdict", v.name}), float64(v.n))
	}
	single("leakhunt_run_complete", "1 where everything that was planned was measured.", yes[r.Complete])
	single("leakhunt_run_requests", "Every request sent, warm-up included.", float64(r.RequestsTotal))
	single("leakhunt_run_duration_seconds", "Duration of the run.", r.DurationS)
	single("leakhunt_run_start_timestamp_seconds", "When the run began, in Unix time.", float64(r.StartedAt.Unix()))
	b.WriteString("# EOF\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func family(b *strings.Builder, name, help string) {
	fmt.Fprintf(b, "# TYPE %s gauge\n# HELP %s %s\n", name, name, help)
}

func uriLabels(r *result.Result, u *result.URI) [][2]string {
	return [][2]string{{"scenario", r.Scenario.Name}, {"name", label(u)}, {"method", u.Method}, {"uri", u.URI}}
}

// oneSample is one sample: name{label="value",…} number.
func oneSample(b *strings.Builder, name string, labels [][2]string, v float64) {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	b.WriteString(name)
	for i, l := range labels {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		fmt.Fprintf(b, `%s="%s"`, l[0], escape.Replace(clean(l[1])))
	}
	b.WriteString("} " + strconv.FormatFloat(v, 'g', -1, 64) + "\n")
}
