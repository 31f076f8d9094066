package report

import (
	"fmt"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
)

// lanesText says which processes worked side by side; "" of a run with one.
func lanesText(r *result.Result) string {
	if len(r.Lanes) == 0 {
		return ""
	}
	var each []string
	for _, l := range r.Lanes {
		who := fmt.Sprintf("pid %d", l.PID)
		if l.PID == 0 {
			who = "none pinned"
		}
		each = append(each, fmt.Sprintf("%s, %s, %s", who, units.Quantity(float64(l.URIs), "URIs"), units.Quantity(float64(l.Requests), "requests")))
	}
	return fmt.Sprintf("%s: %s.", units.Quantity(float64(len(r.Lanes)), "lanes"), strings.Join(each, "; "))
}

// pids are the pinned processes.
func pids(r *result.Result) string {
	if len(r.Lanes) == 0 {
		return fmt.Sprintf("pid %d", r.Target.PID)
	}
	var out []string
	for _, l := range r.Lanes {
		out = append(out, fmt.Sprintf("pid %d", l.PID))
	}
	return strings.Join(out, ", ")
}
