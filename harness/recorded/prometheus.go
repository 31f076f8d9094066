package recorded

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
)

// maxExport is how much of an export is read, in bytes.
const maxExport = 16 << 20

// export is what Prometheus answers to a query (HTTP API, version 1).
type export struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Data   struct {
		ResultType string       `json:"resultType"`
		Result     []exportLine `json:"result"`
	} `json:"data"`
}

// exportLine is one series of it.
type exportLine struct {
	Metric map[string]string `json:"metric"`
	Values []point           `json:"values"`
}

// point is [seconds, "value"].
type point struct{ at, value float64 }

func (p *point) UnmarshalJSON(b []byte) error {
	var pair [2]json.RawMessage
	var text string
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	if err := errors.Join(json.Unmarshal(pair[0], &p.at), json.Unmarshal(pair[1], &text)); err != nil {
		return fmt.Errorf("%q is no reading such as [1700000000, \"8134656\"]", short(string(b)))
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= maxRSS) {
		return fmt.Errorf("%q is no number of bytes, and no count", short(text))
	}
	p.value = v
	return nil
}

// IsExport says that a file is an answer of Prometheus. Its keys come in no order.
func IsExport(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte(`"status"`)) &&
		(bytes.Contains(head, []byte(`"resultType"`)) || bytes.Contains(head, []byte(`"errorType"`)))
}

// readExport reads the series of memory in an export, each with the counters of requests
// that stand beside it.
func readExport(r io.Reader, name string) ([]monitored, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxExport+1))
	if err != nil {
		return nil, readError(name, 1, err)
	}
	if len(text) > maxExport {
		return nil, fault.Usagef("%s is larger than %d MiB", name, maxExport>>20).WithHint("Export a shorter range, a longer step, or fewer series.")
	}
	var e export
	if kind := kindOf(text); kind != "matrix" && kind != "" {
		return nil, fault.Usagef("%s holds a %s, which is no series", name, short(kind)).
			WithHint("Ask for a range: /api/v1/query_range with query, start, end and step.")
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fault.Usagef("%s: the export of Prometheus cannot be read", name).Because(err).
			WithHint("Save the answer of /api/v1/query_range as it comes.")
	}
	if e.Status != "success" {
		return nil, fault.Usagef("%s: Prometheus answered with an error: %s", name, short(e.Error)).
			WithHint("Mend the query, and save the answer again.")
	}
	var memory, counters []exportLine
	for _, l := range e.Data.Result {
		switch {
		case len(l.Values) == 0:
		case countsRequests(l.Metric["__name__"]):
			counters = append(counters, l)
		default:
			memory = append(memory, l)
		}
	}
	if len(memory) == 0 {
		return nil, fault.Usagef("%s holds no series of memory", name).WithHint("Ask for process_resident_memory_bytes, say.")
	}
	out := make([]monitored, 0, len(memory))
	for _, l := range memory {
		m := monitored{name: labels(l.Metric)}
		own := slices.DeleteFunc(slices.Clone(counters), func(c exportLine) bool { return !sameProcess(l.Metric, c.Metric) })
		for _, p := range l.Values {
			if k := len(m.at); k > 0 && p.at <= m.at[k-1] {
				return nil, fault.Usagef("%s: the times of %s must rise, and %g follows %g", name, m.name, p.at, m.at[k-1])
			}
			m.at, m.rss = append(m.at, p.at), append(m.rss, p.value)
			if len(own) > 0 {
				m.requests = append(m.requests, total(own, p.at))
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// kindOf is the resultType of an export, "" where there is none.
func kindOf(text []byte) string {
	var e struct {
		Data struct {
			ResultType string `json:"resultType"`
		} `json:"data"`
	}
	_ = json.Unmarshal(text, &e) // an error shows again when all of it is read
	return e.Data.ResultType
}

// countsRequests says that a metric is a counter of requests, by its name.
func countsRequests(metric string) bool {
	return strings.Contains(metric, "request") && (strings.HasSuffix(metric, "_total") || strings.HasSuffix(metric, "_count"))
}

// sameProcess says that two series are of the same process: no label that tells
// processes apart differs.
func sameProcess(a, b map[string]string) bool {
	for _, label := range []string{"instance", "job", "namespace", "pod", "container", "pid"} {
		x, y := a[label], b[label]
		if x != "" && y != "" && x != y {
			return false
		}
	}
	return true
}

// total is what counters say together at a time: each its last value by then.
func total(counters []exportLine, at float64) (sum float64) {
	for _, c := range counters {
		i := sort.Search(len(c.Values), func(i int) bool { return c.Values[i].at > at }) - 1
		if i >= 0 {
			sum += c.Values[i].value
		}
	}
	return sum
}

// labels are those of a series, as Prometheus writes them.
func labels(metric map[string]string) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(metric)) {
		if k != "__name__" {
			all = append(all, fmt.Sprintf("%s=%q", k, metric[k]))
		}
	}
	return "{" + strings.Join(all, ",") + "}"
}
