package runtimes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

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
	limit  time.Duration
}

// NewHooks tries the settle hook and every probe once. limit is how long the
// hook's command may take; 0: as long as ctx allows.
func NewHooks(ctx context.Context, settle *scenarios.Settle, probes []scenarios.Probe, fetch Fetch, pid int, limit time.Duration) (*Hooks, error) {
	h := &Hooks{settle: settle, probes: probes, fetch: fetch, pid: pid, limit: limit}
	if _, err := h.Read(ctx); err != nil {
		return nil, err
	}
	return h, nil
}

// mostProbe is the size up to which the page of a probe is read, in bytes: as JSON it
// takes up to thirty times as much in memory.
const mostProbe = 1 << 20

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
			if body, err = h.fetch.page(ctx, p.URI, mostProbe, "the page"); err != nil {
				return nil, fault.Measuref("the probe %q could not be read", p.Name).Because(err).WithHint("%s", hint(err, byHand(p.URI)))
			}
			pages[p.URI] = body
		}
		v, err := probeValue(p, body)
		if err == nil {
			err = checkValue(p.Name, v)
		}
		if err != nil {
			return nil, fault.Measuref("the probe %q has no value", p.Name).Because(err).WithHint("%s", hint(err, byHand(p.URI)))
		}
		values[i] = v
	}
	return values, nil
}

// Close does nothing.
func (h *Hooks) Close() error { return nil }

// byHand is the next step where an answer of the application is wrong.
func byHand(uri string) string {
	return "Look at what the application answers to GET " + uri + "."
}

// hint is err's own next step, or otherwise.
func hint(err error, otherwise string) string {
	return cmp.Or(fault.HintOf(err), otherwise)
}

func (h *Hooks) runSettle(ctx context.Context) error {
	if h.settle == nil {
		return nil
	}
	if uri := h.settle.URI; uri != "" {
		if err := h.fetch(ctx, uri, io.Discard); err != nil {
			return fault.Measuref("the settle hook %s failed", uri).Because(err).WithHint("%s", hint(err, byHand(uri)))
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
	if h.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, h.limit)
		defer cancel()
	}
	out, err := command(ctx, argv)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fault.Measuref("the settle hook %s did not end in time", argv[0]).
			WithHint("Run it by hand with the pid %d; timeout: gives it more time.", h.pid)
	case out != "":
		return fault.Measuref("the settle hook %s failed: %s", argv[0], out).Because(err).
			WithHint("Run it by hand with the pid %d.", h.pid)
	}
	return fault.Measuref("the settle hook %s failed", argv[0]).Because(err).
		WithHint("Run it by hand with the pid %d.", h.pid)
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
		return 0, fault.Measuref("the answer is no JSON: %q", short(string(body[:min(len(body), 300)]))).Because(err)
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
	text, ok := v.(string)
	if number, is := v.(json.Number); is {
		text, ok = number.String(), true
	}
	n, err := strconv.ParseFloat(text, 64)
	if !ok || err != nil {
		return 0, fault.Measuref("%q is %s, which is no number", path, shown(v))
	}
	return n, nil
}

// shown is a value of JSON as it was answered, more or less.
func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%v", v)
	}
	return short(string(text))
}
