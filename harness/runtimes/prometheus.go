package runtimes

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"leakhunt/harness/bounded"
	"leakhunt/harness/fault"
)

// maxSamples bounds the lines of one metric, in bytes: about 10,000 of them.
const maxSamples = 1 << 20

// prometheusValue sums the samples of one gauge, counter or untyped metric in
// Prometheus' text format or OpenMetrics' (prometheus.io, "Exposition formats";
// openmetrics.io); name may pick labels: requests{code="200"}.
func prometheusValue(body []byte, name string) (float64, error) {
	want, labels, err := metricName(name)
	if err != nil {
		return 0, err
	}
	lines := samples(body, want)
	if err := bounded.Check(lines, maxSamples, "the metric "+want); err != nil {
		return 0, err
	}
	families, err := parseMetrics(lines)
	if err != nil {
		return 0, fault.Measuref("the metric %q is not in Prometheus' text format", want).Because(err)
	}
	family := families[want]
	if family == nil {
		no := fault.Measuref("the answer has no metric %q: it begins %q", want, short(string(body[:min(len(body), 300)])))
		if bytes.Contains(body, []byte(want+"_sum")) {
			return 0, no.WithHint("Name one number of the histogram, such as %s_sum.", want)
		}
		return 0, no
	}
	sum, found := 0.0, false
	for _, m := range family.GetMetric() {
		if !hasLabels(m, labels) {
			continue
		}
		found = true
		if m.Untyped == nil {
			return 0, fault.Measuref("the metric %q is a %s, not one number", want, strings.ToLower(family.GetType().String())).
				WithHint("Name one number of it, such as %s_sum.", want)
		}
		sum += m.Untyped.GetValue()
	}
	if !found || math.IsNaN(sum) {
		return 0, fault.Measuref("the metric %q has no value", name)
	}
	return sum, nil
}

// samples are the lines of one metric with its labels and value alone: what
// else stands in an exposition cannot break the reading, and OpenMetrics'
// timestamps and exemplars are not in the text format that is parsed.
func samples(body []byte, want string) []byte {
	var out bytes.Buffer
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if f := strings.Fields(line); len(f) == 4 && f[0] == "#" && f[1] == "TYPE" && f[2] == want && f[3] == "summary" {
			fmt.Fprintln(&out, line)
			continue
		}
		rest, ok := strings.CutPrefix(line, want)
		if !ok || rest == "" || !strings.ContainsRune("{ \t", rune(rest[0])) {
			continue
		}
		end := labelsEnd(rest)
		if f := strings.Fields(rest[end:]); len(f) > 0 {
			fmt.Fprintf(&out, "%s%s %s\n", want, rest[:end], f[0])
		}
	}
	return out.Bytes()
}

// labelsEnd is where the labels at the beginning of s end, 0 where it has none.
func labelsEnd(s string) int {
	start := len(s) - len(strings.TrimLeft(s, " \t"))
	if !strings.HasPrefix(s[start:], "{") {
		return 0
	}
	quoted := false
	for i := start; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '}' && !quoted:
			return i + 1
		}
	}
	return len(s)
}

// parseMetrics holds the parser's panics: expfmt v0.67.5 dereferences nil on
// a line such as "{}{}".
func parseMetrics(text []byte) (families map[string]*dto.MetricFamily, err error) {
	defer func() {
		if r := recover(); r != nil {
			families, err = nil, fmt.Errorf("the parser failed: %v", r)
		}
	}()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(bytes.NewReader(text))
}

// metricName splits NAME{label="value",…}, which is a sample without its value.
func metricName(s string) (string, map[string]string, error) {
	families, err := parseMetrics([]byte(s + " 0\n"))
	if err == nil && len(families) == 1 {
		for name, family := range families {
			labels := map[string]string{}
			for _, l := range family.GetMetric()[0].GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			return name, labels, nil
		}
	}
	return "", nil, fault.Usagef("the metric %q is not NAME{label=\"value\"}", short(s))
}

func hasLabels(m *dto.Metric, want map[string]string) bool {
	n := 0
	for _, l := range m.GetLabel() {
		if v, ok := want[l.GetName()]; ok && v == l.GetValue() {
			n++
		}
	}
	return n == len(want)
}
