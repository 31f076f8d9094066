package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// The elements that Jenkins, GitLab, GitHub's actions and Surefire's own
// schema agree on. A single testsuite is the root, which all of them read, and
// there are no attributes that one of them refuses (timestamp, file, line).
type (
	junitSuite struct {
		XMLName    xml.Name        `xml:"testsuite"`
		Name       string          `xml:"name,attr"`
		Time       string          `xml:"time,attr"`
		Tests      int             `xml:"tests,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Failures   int             `xml:"failures,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitProblem `xml:"failure"`
		Skipped *junitSkipped `xml:"skipped"`
		Error   *junitProblem `xml:"error"`
		Out     junitText     `xml:"system-out"`
	}
	// GitLab shows the text and not the message, Jenkins both.
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		junitText
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
		junitText
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
)

// writeJUnit writes one test case for each URI. What the gate fails on is a
// failure, a URI whose requests failed an error. An ignored URI is skipped,
// and so is an inconclusive one that fails nothing: "passed" would say that it
// does not leak, and both Jenkins and GitLab show what was skipped beside what
// passed without failing the build. Bloat, warm-up and stable pass. A run that
// ended before its time has a test case of its own, which is an error.
func writeJUnit(w io.Writer, r *result.Result, o Options) error {
	outcome := Decide(r, o.FailOn, o.Comparison)
	failures := map[*result.URI]Failure{}
	for _, f := range outcome.Failing {
		failures[f.URI] = f
	}
	for _, u := range outcome.Inconclusive {
		failures[u] = Failure{URI: u, Kind: "inconclusive", Message: label(u) + " could not be decided. " + u.Why}
	}
	s := junitSuite{
		Name: clean("leakhunt " + r.Scenario.Name), Time: seconds(r.DurationS), Tests: len(r.URIs),
		Properties: []junitProperty{
			{"leakhunt", clean(r.Tool.Version)},
			{"started_at", r.StartedAt.UTC().Format(time.RFC3339)},
			{"scenario", clean(r.Scenario.Path)},
			{"target", clean(r.Target.Kind + " " + r.Target.URL)},
			{"complete", strconv.FormatBool(r.Complete)},
		},
	}
	for _, u := range pointers(r) {
		c := junitCase{
			Name: clean(label(u)), Class: clean("leakhunt." + r.Scenario.Name), Time: seconds(busy(u.Series)),
			Out: lines(facts(u)...),
		}
		f, failing := failures[u]
		switch {
		case failing:
			s.Failures++
			c.Failure = &junitProblem{clean(f.Message), f.Kind, lines(append([]string{f.Message}, evidence(u, r)...)...)}
		case u.Ignored:
			s.Skipped++
			c.Skipped = skipped(why(u))
		case u.Verdict == verdict.Failed:
			s.Errors++
			c.Error = &junitProblem{clean(why(u)), "requests failed", lines(append([]string{why(u)}, evidence(u, r)...)...)}
		case u.Verdict == verdict.Inconclusive:
			s.Skipped++
			c.Skipped = skipped("inconclusive: " + why(u))
		}
		s.Cases = append(s.Cases, c)
	}
	if outcome.Ended != "" {
		s.Tests++
		s.Errors++
		s.Cases = append(s.Cases, junitCase{
			Name: "the run", Class: clean("leakhunt." + r.Scenario.Name), Time: seconds(r.DurationS),
			Error: &junitProblem{clean(outcome.Ended), "incomplete", lines(outcome.Ended)},
		})
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(s); err != nil {
		return fmt.Errorf("junit: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func skipped(why string) *junitSkipped { return &junitSkipped{clean(why), lines(why)} }

// lines is one clean line of text for each of the lines.
func lines(text ...string) junitText {
	var b strings.Builder
	for _, l := range text {
		b.WriteString(clean(l) + "\n")
	}
	return junitText{b.String()}
}

// facts is what was measured, one fact a line.
func facts(u *result.URI) []string {
	if !Measured(u) {
		return []string{fmt.Sprintf("verdict: %s", u.Verdict), fmt.Sprintf("requests: %s, %s failed", units.Count(u.Requests), units.Count(u.Errors))}
	}
	f := figuresOf(u)
	growth := fmt.Sprintf("growth of %s: %s (%s), floor %s", f.Of, f.growth()+"/request", f.interval(), f.floor())
	if f.Beyond > 0 {
		growth += fmt.Sprintf("; floor of %s %s", f.BeyondOf, units.Bytes(f.Beyond))
	}
	out := []string{
		fmt.Sprintf("verdict: %s", verdictText(u)),
		growth,
		fmt.Sprintf("requests: %s, %s failed, median %s ms", units.Count(u.Requests), units.Count(u.Errors), units.Number(u.LatencyMS.P50)),
		fmt.Sprintf("evidence: %s", strings.Join(u.Evidence, ", ")),
	}
	for _, p := range u.Probes {
		out = append(out, "counter: "+probeText(p))
	}
	return out
}

// probeText is a counter's growth, its unit where the name does not say it.
func probeText(p result.Probe) string {
	n, unit := units.Number, " "+p.Unit
	switch {
	case p.Unit == "bytes":
		n, unit = units.Bytes, ""
	case strings.Contains(p.Name, p.Unit):
		unit = ""
	}
	return fmt.Sprintf("%s %s%s/request (%s … %s)", p.Name, n(p.Growth), unit, n(p.Low), n(p.High))
}

// evidence is what helps to mend it: the lines, and how to see it again.
func evidence(u *result.URI, r *result.Result) []string {
	out := facts(u)
	for _, s := range u.Sites {
		out = append(out, "at "+siteText(s))
		if held := heldText(s); held != "" {
			out = append(out, held)
		}
	}
	if u.SitesNote != "" {
		out = append(out, u.SitesNote)
	}
	return append(out, "again: "+command(u, r))
}

// busy is the time in seconds that a URI's rounds took.
func busy(points []result.Point) float64 {
	var t float64
	for i := 1; i < len(points); i++ {
		if points[i].Round == points[i-1].Round {
			t += max(0, points[i].T-points[i-1].T)
		}
	}
	return t
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }
