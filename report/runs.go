package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter/tw"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
)

// Kept is a journal that is kept.
type Kept struct {
	Path          string             `json:"path"`
	StartedAt     time.Time          `json:"started_at"`
	Scenario      result.ScenarioRef `json:"scenario"`
	DurationS     float64            `json:"duration_s"` // to the last event
	RequestsTotal int                `json:"requests_total"`
	Summary       result.Summary     `json:"summary"`
	Complete      bool               `json:"complete"`
	Incomplete    string             `json:"incomplete_reason,omitempty"` // a clause: why Complete is false
	Running       bool               `json:"running"`                     // a process writes it
	PID           int                `json:"pid,omitempty"`               // of that process, where it is known
	Bytes         int64              `json:"bytes"`                       // of the file
	Problem       string             `json:"problem,omitempty"`           // why it cannot be read; then only Path, StartedAt and Bytes hold
	Remedy        string             `json:"remedy,omitempty"`            // what to do then
}

// WriteRuns lists journals as table or json. Under the table stands where each of
// them lies, to be copied, and what is to be said of it. A table shows times in
// the zone that they are in.
func WriteRuns(w io.Writer, format string, list []Kept, o Options) error {
	if err := CheckListing(format); err != nil {
		return err
	}
	if format == "json" {
		out := append([]Kept{}, list...)
		for i := range out {
			out[i].StartedAt = out[i].StartedAt.UTC()
		}
		return once(w, o.Redact, func(b io.Writer) error { return encode(b, map[string]any{"runs": out}) })
	}
	return once(w, o.Redact, func(b io.Writer) error {
		if len(list) == 0 {
			return nil
		}
		type row struct {
			n int
			Kept
		}
		var rows []row
		for i, r := range list {
			rows = append(rows, row{i + 1, r})
		}
		known := func(cell func(Kept) string) func(row) string {
			return func(r row) string {
				if r.Problem != "" {
					return "–"
				}
				return cell(r.Kept)
			}
		}
		cols := []column[row]{
			{title: "#", align: tw.AlignRight, cell: func(r row) string { return fmt.Sprint(r.n) }},
			{title: "Started", align: tw.AlignLeft, cell: func(r row) string { return r.StartedAt.Format("2006-01-02 15:04") }},
			{title: "Scenario", align: tw.AlignLeft, flex: true, cell: known(func(r Kept) string { return plain(r.Scenario.Name) })},
			{title: "Duration", align: tw.AlignRight, drop: 1, cell: known(func(r Kept) string { return lasted(r.DurationS) })},
			{title: "Requests", align: tw.AlignRight, drop: 2, cell: known(func(r Kept) string { return units.Count(r.RequestsTotal) })},
			{title: "Verdicts", align: tw.AlignLeft, cell: known(func(r Kept) string { return tally(r.Summary) })},
			{title: "State", align: tw.AlignLeft, cell: func(r row) string { return state(r.Kept) }},
		}
		if err := grid(b, rows, cols, o); err != nil {
			return err
		}
		fmt.Fprintln(b) //nolint:errcheck // b is memory
		for _, r := range rows {
			lead := fmt.Sprintf("%*d  ", len(fmt.Sprint(len(list))), r.n)
			text := lead + clean(r.Path)
			if why := clean(remark(r.Kept)); why != "" {
				indent := strings.Repeat(" ", len(lead))
				text += "\n" + wrap(why, tableWidth(o), indent, indent)
			}
			fmt.Fprintln(b, text) //nolint:errcheck // b is memory
		}
		return nil
	})
}

// state is how a run ended, in a word.
func state(r Kept) string {
	switch {
	case r.Problem != "":
		return "unreadable"
	case r.Complete:
		return "complete"
	case r.Running:
		return "running"
	}
	return "incomplete"
}

// remark is what a word does not say.
func remark(r Kept) string {
	if r.Problem != "" {
		return strings.TrimSpace(r.Problem + ". " + r.Remedy)
	}
	return r.Incomplete
}

// tally is how many URIs got which verdict.
func tally(s result.Summary) string {
	var out []string
	for _, v := range []struct {
		n         int
		one, many string
	}{
		{s.Leak, "leak", "leaks"},
		{s.Inconclusive, "inconclusive", "inconclusive"},
		{s.Error, "error", "errors"},
		{s.Bloat + s.Warmup + s.Stable, "clean", "clean"},
	} {
		if v.n > 0 {
			out = append(out, fmt.Sprintf("%d %s", v.n, plural(v.n, v.one, v.many)))
		}
	}
	if len(out) == 0 {
		return "–"
	}
	return strings.Join(out, ", ")
}

// lasted is how long a run took, as exactly as one wants to know.
func lasted(seconds float64) string {
	if seconds < 10 {
		return fmt.Sprintf("%.1fs", seconds)
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}
