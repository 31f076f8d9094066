package report

import (
	"fmt"
	"slices"
	"time"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
)

// ignoreNotice is how long before its end an ignore is warned of.
const ignoreNotice = 14 * 24 * time.Hour

// normal is r as every format renders it: no nil slices, no ignore that has
// ended, and a warning for each that ends. A normal result is its own normal.
// r is left as it is.
func normal(r *result.Result) *result.Result {
	c := *r
	c.SchemaVersion = result.SchemaVersion
	c.Warnings = append([]result.Warning{}, r.Warnings...)
	c.URIs = append([]result.URI{}, r.URIs...)
	for i := range c.URIs {
		u := &c.URIs[i]
		u.Evidence = append([]string{}, u.Evidence...)
		u.Probes = append([]result.Probe{}, u.Probes...)
		u.Sites = append([]record.Site{}, u.Sites...)
		for j := range u.Sites {
			u.Sites[j].RetainedBy = append([]string{}, u.Sites[j].RetainedBy...)
		}
		u.Series = append([]result.Point{}, u.Series...)
		u.Ignored = u.Ignored && !ended(u, r.StartedAt)
	}
	for _, w := range ignoreWarnings(r) {
		if !slices.Contains(c.Warnings, w) {
			c.Warnings = append(c.Warnings, w)
		}
	}
	return &c
}

// ended says that the ignore's last day was over when the run began. The run's
// own day counts, so that a result is judged the same whenever it is read. A
// date that does not exist protects nothing.
func ended(u *result.URI, began time.Time) bool {
	if u.IgnoreUntil == "" {
		return false
	}
	last, err := time.Parse(time.DateOnly, u.IgnoreUntil)
	return err != nil || !began.Before(last.AddDate(0, 0, 1))
}

func ignoreWarnings(r *result.Result) []result.Warning {
	var out []result.Warning
	for i := range r.URIs {
		u := &r.URIs[i]
		if u.IgnoreUntil == "" {
			continue
		}
		if ended(u, r.StartedAt) {
			out = append(out, result.Warning{Code: "ignore-ended", Message: fmt.Sprintf(
				"The ignore of %s ended with %s%s: it is judged like any other.", label(u), u.IgnoreUntil, reason(u.IgnoreReason))})
			continue
		}
		if ended(u, r.StartedAt.Add(ignoreNotice)) {
			out = append(out, result.Warning{Code: "ignore-ends", Message: fmt.Sprintf(
				"The ignore of %s ends with %s%s: from the day after it can fail the run.", label(u), u.IgnoreUntil, reason(u.IgnoreReason))})
		}
	}
	return out
}
