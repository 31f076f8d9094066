package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"leakhunt/harness/result"
)

// writeCSV writes one record for each URI (RFC 4180, in base units), under the
// names that the result file uses.
func writeCSV(w io.Writer, r *result.Result, _ Options) error {
	type u = *result.URI
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	columns := []struct {
		name string
		cell func(u) string
	}{
		{"rank", func(u u) string { return strconv.Itoa(u.Rank) }},
		{"name", func(u u) string { return csvText(u.Name) }},
		{"method", func(u u) string { return csvText(u.Method) }},
		{"uri", func(u u) string { return csvText(u.URI) }},
		{"verdict", func(u u) string { return string(u.Verdict) }},
		{"evidence", func(u u) string { return csvText(strings.Join(u.Evidence, " ")) }},
		{"growth_of", func(u u) string { return csvText(u.GrowthOf) }},
		{"growth_bytes_per_request", func(u u) string { return number(u.Growth) }},
		{"growth_low", func(u u) string { return number(u.GrowthLow) }},
		{"growth_high", func(u u) string { return number(u.GrowthHigh) }},
		{"confidence", func(u u) string { return number(u.Confidence) }},
		{"detectable_bytes_per_request", func(u u) string { return number(u.Detectable) }},
		{"detectable_live_bytes_per_request", func(u u) string {
			if u.Counted == 0 {
				return ""
			}
			return number(u.Counted)
		}},
		{"requests", func(u u) string { return strconv.Itoa(u.Requests) }},
		{"errors", func(u u) string { return strconv.Itoa(u.Errors) }},
		{"latency_ms_p50", func(u u) string { return number(u.LatencyMS.P50) }},
		{"latency_ms_p99", func(u u) string { return number(u.LatencyMS.P99) }},
		{"rss_start_bytes", func(u u) string { return strconv.FormatInt(u.RSSStart, 10) }},
		{"rss_end_bytes", func(u u) string { return strconv.FormatInt(u.RSSEnd, 10) }},
		{"rss_peak_bytes", func(u u) string { return strconv.FormatInt(u.RSSPeak, 10) }},
		{"budget_bytes_per_request", func(u u) string {
			if u.Budget == 0 {
				return ""
			}
			return strconv.FormatInt(u.Budget, 10)
		}},
		{"over_budget", func(u u) string { return strconv.FormatBool(u.OverBudget) }},
		{"ignored", func(u u) string { return strconv.FormatBool(u.Ignored) }},
		{"site", func(u u) string {
			if len(u.Sites) == 0 {
				return ""
			}
			return csvText(culprit(u.Sites[0]))
		}},
		{"why", func(u u) string { return csvText(u.Why) }},
	}
	c := csv.NewWriter(w)
	c.UseCRLF = false // as Unix tools and every spreadsheet read it
	record := make([]string, len(columns))
	for i, col := range columns {
		record[i] = col.name
	}
	if err := c.Write(record); err != nil {
		return err
	}
	for _, u := range pointers(r) {
		for i, col := range columns {
			record[i] = col.cell(u)
		}
		if err := c.Write(record); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// csvText is text on one line that no spreadsheet takes for a formula.
func csvText(s string) string {
	s = clean(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
