package recorded

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"

	"leakhunt/harness/fault"
)

// maxSeries is how many series one file may hold: those of every process of a machine
// are not what anybody means.
const maxSeries = 256

// ReadAll reads every series of a file: CSV as Read does, what Prometheus answers to a
// range query, and the logs of ps and pidstat. What does not count its requests takes
// them from requests, how many were answered from the first reading to the last; 0 is
// not known. Errors are as those of Read.
func ReadAll(r io.Reader, name string, requests int) ([]Series, error) {
	plain, err := uncompressed(r, name)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReader(plain)
	const enough = 4 << 10
	head, _ := in.Peek(enough) // an error shows again when all of it is read
	var all []monitored
	switch {
	case IsExport(head):
		all, err = readExport(in, name)
	case isLog(head):
		all, err = readLog(in, name)
	default:
		s, err := Read(in, name)
		return []Series{s}, err
	}
	if err != nil {
		return nil, err
	}
	if len(all) > maxSeries {
		return nil, fault.Usagef("%s holds %d series, and at most %d are judged", name, len(all), maxSeries).
			WithHint("Keep those of the application's processes.")
	}
	out := make([]Series, 0, len(all))
	for _, m := range all {
		s, err := m.series(name, requests)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// monitored are the readings of one process as a monitor takes them: by time.
type monitored struct {
	name     string    // which process, for people
	at       []float64 // seconds; nil where the file has no times
	rss      []float64 // bytes
	requests []float64 // a counter of requests at each reading; nil where there is none
}

// series is what was read, by requests.
func (m *monitored) series(file string, requests int) (Series, error) {
	s := Series{Name: m.name, Warnings: []Warning{}, mid: true}
	counted := m.requests
	if counted == nil {
		if requests <= 0 {
			return Series{}, fault.Usagef("%s does not say how many requests were answered", file).
				WithHint("Give --requests N, how many there were from the first reading to the last. They are spread evenly over the time. An export of Prometheus may hold a counter beside, such as http_requests_total.")
		}
		counted = m.spread(float64(requests))
	}
	first, last := counted[0], counted[len(counted)-1]
	if at := fallen(counted); at > 0 {
		s.Warnings = append(s.Warnings, Warning{Code: "restart", Message: fmt.Sprintf(
			"the counter of requests fell from %.0f to %.0f at reading %d: the process may have been restarted there", counted[at-1], counted[at], at+1)})
		counted, first, last = m.spread(float64(len(counted)-1)), 0, float64(len(counted)-1)
	}
	if last-first > maxRows {
		return Series{}, fault.Usagef("%s: at most %d requests from the first reading to the last are judged, not %.0f", file, maxRows, last-first).
			WithHint("Take a shorter piece of the series.")
	}
	for i, n := range counted {
		at := int(math.Round(n - first))
		if k := len(s.Requests); k > 0 && at == s.Requests[k-1] {
			s.RSS[k-1] = m.rss[i] // nothing was asked for meanwhile: the last reading holds
			continue
		}
		s.Requests, s.RSS = append(s.Requests, at), append(s.RSS, m.rss[i])
	}
	s.Warnings = append(s.Warnings, oddities(s)...)
	return s, nil
}

// spread lays n requests evenly over the time of the readings.
func (m *monitored) spread(n float64) []float64 {
	out := make([]float64, len(m.rss))
	begin, length := 0.0, float64(len(m.rss)-1)
	if m.at != nil {
		begin, length = m.at[0], m.at[len(m.at)-1]-m.at[0]
	}
	for i := range out {
		at := float64(i)
		if m.at != nil {
			at = m.at[i]
		}
		if length > 0 {
			out[i] = math.Round(n * (at - begin) / length)
		}
	}
	return out
}

// fallen is the first index at which a counter is less than before, or 0.
func fallen(v []float64) int {
	for i := 1; i < len(v); i++ {
		if v[i] < v[i-1] {
			return i
		}
	}
	return 0
}

// byName finds or makes the readings of a process.
func byName(all *[]monitored, name string) *monitored {
	i := slices.IndexFunc(*all, func(m monitored) bool { return m.name == name })
	if i < 0 {
		i = len(*all)
		*all = append(*all, monitored{name: name})
	}
	return &(*all)[i]
}

// firstLine is the first line that is not blank.
func firstLine(head []byte) []byte {
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, " \t\r\n"), []byte("\n"))
	return bytes.TrimSpace(line)
}
