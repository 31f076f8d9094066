package runtimes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// Hooks are what a scenario says by hand: a way to settle, and probes. Either
// may be missing.
type Hooks struct {
	settle *scenarios.Settle
	probes []scenarios.Probe
	fetch  Fetch
	pid    int
}

// NewHooks tries the settle hook and every probe once.
func NewHooks(ctx context.Context, settle *scenarios.Settle, probes []scenarios.Probe, fetch Fetch, pid int) (*Hooks, error) {
	h := &Hooks{settle: settle, probes: probes, fetch: fetch, pid: pid}
	if _, err := h.Read(ctx); err != nil {
		return nil, err
	}
	return h, nil
}

// Name is "probes", or "settle" where there are none.
func (h *Hooks) Name() string {
	if len(h.probes) == 0 {
		return "settle"
	}
	return "probes"
}

// Columns is one for each probe. None is Exact: what an application counts
// need not be what is alive after a full collection.
func (h *Hooks) Columns() []Column {
	columns := make([]Column, len(h.probes))
	for i, p := range h.probes {
		columns[i] = Column{Name: p.Name, Unit: p.Unit}
	}
	return columns
}

// Read runs the settle hook, then reads every probe.
func (h *Hooks) Read(ctx context.Context) ([]float64, error) {
	if err := h.runSettle(ctx); err != nil {
		return nil, err
	}
	pages := map[string][]byte{} // several probes may share one
	values := make([]float64, len(h.probes))
	for i, p := range h.probes {
		body, ok := pages[p.URI]
		if !ok {
			var err error
			if body, err = h.fetch(ctx, p.URI); err != nil {
				return nil, fault.Measuref("the probe %q could not be read", p.Name).Because(err)
			}
			pages[p.URI] = body
		}
		v, err := probeValue(p, body)
		if err == nil {
			err = checkValue(p.Name, v)
		}
		if err != nil {
			return nil, fault.Measuref("the probe %q has no value", p.Name).Because(err)
		}
		values[i] = v
	}
	return values, nil
}

// Close does nothing.
func (h *Hooks) Close() error { return nil }

func (h *Hooks) runSettle(ctx context.Context) error {
	if h.settle == nil {
		return nil
	}
	if h.settle.URI != "" {
		if _, err := h.fetch(ctx, h.settle.URI); err != nil {
			return fault.Measuref("the settle hook %s failed", h.settle.URI).Because(err)
		}
		return nil
	}
	argv := make([]string, len(h.settle.Exec))
	for i, a := range h.settle.Exec {
		argv[i] = strings.ReplaceAll(a, "${PID}", strconv.Itoa(h.pid))
	}
	if len(argv) == 0 {
		return fault.Usagef("the settle hook has no command")
	}
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput() //nolint:gosec // the scenario's own command
	if ctx.Err() != nil {
		return fault.Measuref("the settle hook %s did not end in time", argv[0]).Because(ctx.Err())
	}
	if err != nil {
		return fault.Measuref("the settle hook %s failed: %s", argv[0], short(string(out))).Because(err)
	}
	return nil
}

func probeValue(p scenarios.Probe, body []byte) (float64, error) {
	if p.JSON != "" {
		return jsonNumber(body, p.JSON)
	}
	return prometheusValue(body, p.Prometheus)
}

// jsonNumber follows a dotted path ("a.b.0.c") to a number. A number in quotes
// is read too.
func jsonNumber(body []byte, path string) (float64, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return 0, fault.Measuref("the answer is no JSON").Because(err)
	}
	for _, key := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[key]
			if !ok {
				return 0, fault.Measuref("the answer has no %q on the way %q", key, path)
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(at) {
				return 0, fault.Measuref("the list on the way %q has %d entries, no %q", path, len(at), key)
			}
			v = at[i]
		default:
			return 0, fault.Measuref("the way %q ends before %q", path, key)
		}
	}
	var text string
	switch at := v.(type) {
	case json.Number:
		text = at.String()
	case string:
		text = at
	default:
		return 0, fault.Measuref("%q is no number", path)
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fault.Measuref("%q is %q, which is no number", path, short(text))
	}
	return n, nil
}

// prometheusValue sums the samples of one gauge, counter or untyped metric in
// the text format; name may pick labels: requests{code="200"}.
func prometheusValue(body []byte, name string) (float64, error) {
	want, labels, err := metricName(name)
	if err != nil {
		return 0, err
	}
	families, err := parseMetrics(body)
	if err != nil {
		return 0, fault.Measuref("the answer is not in Prometheus' text format").Because(err)
	}
	family := families[want]
	if family == nil {
		return 0, fault.Measuref("the answer has no metric %q", want)
	}
	sum, found := 0.0, false
	for _, m := range family.GetMetric() {
		if !hasLabels(m, labels) {
			continue
		}
		found = true
		switch {
		case m.Gauge != nil:
			sum += m.Gauge.GetValue()
		case m.Counter != nil:
			sum += m.Counter.GetValue()
		case m.Untyped != nil:
			sum += m.Untyped.GetValue()
		default:
			return 0, fault.Measuref("the metric %q is a %s, not one number", want, strings.ToLower(family.GetType().String()))
		}
	}
	if !found || math.IsNaN(sum) {
		return 0, fault.Measuref("the metric %q has no value", name)
	}
	return sum, nil
}

// parseMetrics holds the parser's panics: expfmt v0.67.5 dereferences nil on
// a line such as "{}{}".
func parseMetrics(body []byte) (families map[string]*dto.MetricFamily, err error) {
	defer func() {
		if r := recover(); r != nil {
			families, err = nil, fmt.Errorf("the parser failed: %v", r)
		}
	}()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(bytes.NewReader(body))
}

// metricName splits NAME{label="value",…}.
func metricName(s string) (string, map[string]string, error) {
	name, rest, ok := strings.Cut(s, "{")
	if !ok {
		return s, nil, nil
	}
	labels := map[string]string{}
	rest = strings.TrimSuffix(strings.TrimSpace(rest), "}")
	for _, pair := range strings.Split(rest, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		unquoted, err := strconv.Unquote(strings.TrimSpace(value))
		if !ok || err != nil {
			return "", nil, fault.Usagef("the metric %q is not NAME{label=\"value\"}", short(s))
		}
		labels[strings.TrimSpace(key)] = unquoted
	}
	return strings.TrimSpace(name), labels, nil
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
