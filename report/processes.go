package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter/tw"

	"leakhunt/harness/fault"
	"leakhunt/harness/target"
	"leakhunt/harness/units"
)

// Sent is what one request to one process came to.
type Sent struct {
	Server    string  `json:"server"`
	App       string  `json:"app"`
	PID       int     `json:"pid"`
	Status    int     `json:"status"` // 0 where no answer came
	OK        bool    `json:"ok"`
	LatencyMS float64 `json:"latency_ms"`
	Bytes     int64   `json:"bytes"` // of the answer's body
	RSSBefore int64   `json:"rss_before_bytes"`
	RSSAfter  int64   `json:"rss_after_bytes"`
	Problem   string  `json:"problem,omitempty"`
	Remedy    string  `json:"remedy,omitempty"` // what would help
}

// WriteProcesses lists application processes as table or json.
func WriteProcesses(w io.Writer, format string, list []target.Entry, o Options) error {
	left := func(title string, drop int, cell func(target.Entry) string) column[target.Entry] {
		return column[target.Entry]{title: title, align: tw.AlignLeft, drop: drop, cell: func(e target.Entry) string { return plain(cell(e)) }}
	}
	right := func(title string, drop int, cell func(target.Entry) string) column[target.Entry] {
		return column[target.Entry]{title: title, align: tw.AlignRight, drop: drop, cell: cell}
	}
	app := left("App", 0, func(e target.Entry) string { return e.App })
	app.flex = true
	cols := []column[target.Entry]{
		left("Server", 0, func(e target.Entry) string { return e.Server }), app,
		right("PID", 0, func(e target.Entry) string { return number(e.PID) }),
		left("Address", 1, func(e target.Entry) string { return e.Address }),
		right("RSS", 0, func(e target.Entry) string { return size(e.RSS) }),
		right("Anonymous", 3, func(e target.Entry) string { return size(e.Anon) }),
		right("Uptime", 2, func(e target.Entry) string {
			if e.Uptime == 0 { // it could not be read
				return "–"
			}
			return (time.Duration(e.Uptime) * time.Second).String()
		}),
		right("Processed", 4, func(e target.Entry) string {
			if e.Processed < 0 {
				return "–"
			}
			return units.Count(int(e.Processed))
		}),
		left("Enabled", 5, func(e target.Entry) string { return e.Enabled }),
	}
	return listing(w, format, "processes", list, cols, o, func(e target.Entry) (string, string) {
		who := e.Address
		if e.PID > 0 {
			who = fmt.Sprintf("%s, pid %d", strings.TrimSpace(e.Server+" "+e.App), e.PID)
		}
		return who + ": " + e.Problem, e.Remedy
	}, func(e target.Entry) bool { return e.Problem != "" })
}

// WriteSent lists requests that were sent to processes as table or json.
func WriteSent(w io.Writer, format string, list []Sent, o Options) error {
	right := func(title string, drop int, cell func(Sent) string) column[Sent] {
		return column[Sent]{title: title, align: tw.AlignRight, drop: drop, cell: cell}
	}
	result := column[Sent]{title: "Result", align: tw.AlignLeft, cell: func(s Sent) string {
		if s.OK {
			return "ok"
		}
		return "failed"
	}, color: func(s Sent) string {
		if s.OK {
			return "32"
		}
		return "1;31"
	}}
	cols := []column[Sent]{
		{title: "App", align: tw.AlignLeft, flex: true, cell: func(s Sent) string { return plain(s.App) }},
		right("PID", 0, func(s Sent) string { return number(s.PID) }),
		right("Status", 0, func(s Sent) string { return number(s.Status) }),
		result,
		right("Latency", 1, answered(func(s Sent) string { return fmt.Sprintf("%.1f ms", s.LatencyMS) })),
		right("Body", 3, answered(func(s Sent) string { return units.Bytes(float64(s.Bytes)) })),
		right("RSS before", 2, func(s Sent) string { return size(s.RSSBefore) }),
		right("RSS after", 2, func(s Sent) string { return size(s.RSSAfter) }),
	}
	return listing(w, format, "requests", list, cols, o, func(s Sent) (string, string) {
		return fmt.Sprintf("pid %d: %s", s.PID, s.Problem), s.Remedy
	}, func(s Sent) bool { return s.Problem != "" })
}

// answered is a cell of what only an answer has.
func answered(cell func(Sent) string) func(Sent) string {
	return func(s Sent) string {
		if s.Status == 0 {
			return "–"
		}
		return cell(s)
	}
}

// size is a memory in a cell; no process has none.
func size(bytes int64) string {
	if bytes == 0 {
		return "–"
	}
	return units.Bytes(float64(bytes))
}

func number(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

// CheckListing refuses a format that lists of processes and of sent requests do
// not come in.
func CheckListing(format string) error {
	if format != "table" && format != "json" {
		return fault.Usagef("there is no output format %q here", clean(format)).WithHint("The formats are table, json.")
	}
	return nil
}

// listing writes rows and, under them, what is wrong with some.
func listing[T any](w io.Writer, format, key string, list []T, cols []column[T], o Options,
	trouble func(T) (problem, remedy string), troubled func(T) bool,
) error {
	if list == nil {
		list = []T{}
	}
	if err := CheckListing(format); err != nil {
		return err
	}
	if format == "json" {
		return once(w, o.Redact, func(b io.Writer) error { return encode(b, map[string]any{key: list}) })
	}
	return once(w, o.Redact, func(b io.Writer) error {
		if err := grid(b, list, cols, o); err != nil {
			return err
		}
		for _, row := range list {
			if !troubled(row) {
				continue
			}
			problem, remedy := trouble(row)
			if remedy != "" {
				problem += ". " + remedy
			}
			if _, err := fmt.Fprintln(b, wrap(plain(problem), tableWidth(o), "", "  ")); err != nil {
				return err
			}
		}
		return nil
	})
}
