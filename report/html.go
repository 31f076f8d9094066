package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
)

//go:embed html
var htmlFiles embed.FS

const (
	// seriesPoints is how many readings all charts of a page show together,
	// so that a page of 500 URIs stays under 5 MB.
	seriesPoints = 30_000
	maxPoints    = 240
	// maxOpen is how many URIs are unfolded when the page opens.
	maxOpen = 5
	// maxSites is how many sites of a URI are shown with their source lines.
	maxSites = 5
)

// page is what the template shows. Every text in it is clean; the template
// escapes it.
type page struct {
	Title, Lead, Detail string
	Incomplete          string
	Style               template.CSS
	Script              template.JS
	ScriptHash          string // for the page's content security policy
	Beyond              string
	Meta                []fact
	Chips               []chip
	Timeline            *timeline
	Top, Rest           *ranking
	RestSays            string
	URIs                []section
	Comparison          *compared
	Target, Environment []fact
	Settings            []string
	Warnings            []result.Warning
	Command, Version    string
	Metric              string
}

type fact struct{ Name, Value string }

type chip struct {
	Count   string
	Verdict string
}

type compared struct {
	Lead    string
	Notes   []string
	Changes []comparedURI
}

type comparedURI struct{ Name, Why, Kind, Text, Difference, Interval, Floor, Base, Head, Verdicts string }

// writeHTML writes one file that needs no network. Pictures are SVG, and everything
// but colour and spacing survives where a server forbids inline styles. Verdicts are
// filtered by anchors; the page's own script, where it may run, searches and sorts.
func writeHTML(w io.Writer, r *result.Result, o Options) error {
	return execute(w, "page", newPage(plotted(r), o))
}

// comparisonHTML writes a comparison by itself, as a page without a script.
func comparisonHTML(w io.Writer, c *Comparison) error {
	run := func(r Run) string {
		text := fmt.Sprintf("%s, %s, leakhunt %s", r.Scenario, r.StartedAt.UTC().Format("2 January 2006, 15:04 MST"), r.Version)
		if !r.Complete {
			text += ", ended early"
		}
		return clean(text)
	}
	p := &page{
		Title: clean(c.Head.Scenario), Version: clean(c.Head.Version), Comparison: newCompared(c),
		Meta: []fact{{"Base", run(c.Base)}, {"Head", run(c.Head)}},
	}
	kinds := map[string]int{}
	for _, ch := range c.Changes {
		if kinds[ch.Kind]++; kinds[ch.Kind] == 1 {
			p.Chips = append(p.Chips, chip{Verdict: ch.Kind})
		}
	}
	for i := range p.Chips {
		p.Chips[i].Count = units.Count(kinds[p.Chips[i].Verdict])
	}
	return execute(w, "comparison", p)
}

// execute writes one of the pages, with our own style sheet and script.
func execute(w io.Writer, name string, p *page) error {
	t, err := template.ParseFS(htmlFiles, "html/*.tmpl")
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	style, err := htmlFiles.ReadFile("html/style.css")
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	script, err := htmlFiles.ReadFile("html/script.js")
	if err != nil {
		return fmt.Errorf("html: %w", err)
	}
	sum := sha256.Sum256(script)
	p.Style, p.Script = template.CSS(style), template.JS(script)
	p.ScriptHash = "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	if err := t.ExecuteTemplate(w, name, p); err != nil {
		return fmt.Errorf("html: %w", err)
	}
	return nil
}

func newPage(r *result.Result, o Options) *page {
	p := &page{
		Title: clean(r.Scenario.Name), Version: clean(r.Tool.Version),
		Command: clean(commandAll(r)), Metric: metricName(r),
		Meta: []fact{
			{"Started", r.StartedAt.UTC().Format("2 January 2006, 15:04 MST")},
			{"Duration", clock(r.DurationS)},
			{"Requests", units.Count(r.RequestsTotal)},
			{"Process", clean(strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", r.Target.Server, r.Target.App, pids(r))), " "))},
		},
		Target: some(
			fact{"Kind", r.Target.Kind}, fact{"Process", fmt.Sprint(r.Target.PID)}, fact{"Lanes", lanesText(r)}, fact{"Application", r.Target.App},
			fact{"Address", r.Target.URL}, fact{"Server", r.Target.Server}, fact{"Runtime", r.Target.Runtime},
			fact{"Restarts in the run", fmt.Sprint(r.Target.Restarts)},
		),
		Environment: some(
			fact{"System", strings.TrimSpace(r.Environment.OS + " " + r.Environment.Kernel)}, fact{"Processors", fmt.Sprint(r.Environment.CPUs)},
			fact{"Allocator", r.Environment.Allocator}, fact{"Page", units.Bytes(float64(r.Environment.PageBytes))},
			fact{"Scenario", r.Scenario.Path}, fact{"SHA-256 begins", r.Scenario.SHA256[:min(12, len(r.Scenario.SHA256))]}, fact{"Seed", fmt.Sprint(r.Seed)},
		),
	}
	lead, detail := headline(r, o)
	p.Lead, p.Detail = clean(lead), clean(detail)
	if !r.Complete {
		p.Incomplete = clean("The run ended before everything was measured" + reason(r.Incomplete) + ".")
	}
	p.Chips = chips(r.Summary)
	for _, v := range r.Target.Settings {
		p.Settings = append(p.Settings, clean(v))
	}
	for _, w := range r.Warnings {
		p.Warnings = append(p.Warnings, result.Warning{Code: clean(w.Code), Message: clean(w.Message)})
	}
	if len(r.URIs) == 0 {
		return p
	}
	p.Timeline = newTimeline(r)
	limit := min(maxPoints, seriesPoints/len(r.URIs))
	open, excerpts := 0, map[string]string{}
	for _, u := range pointers(r) {
		s := newSection(u, r, o, limit, excerpts)
		if convicted(u) && open < maxOpen {
			s.Open = true
			open++
		}
		p.URIs = append(p.URIs, s)
	}
	p.rank(r)
	p.Beyond = clean(beyond(r))
	p.Comparison = newCompared(o.Comparison)
	return p
}

// some are the facts that are known, clean.
func some(facts ...fact) []fact {
	var out []fact
	for _, f := range facts {
		if f.Value != "" {
			out = append(out, fact{f.Name, clean(f.Value)})
		}
	}
	return out
}
