package judge_test

import (
	"testing"

	"leakhunt/harness/judge"
	"leakhunt/harness/record"
)

// A journal from elsewhere may name any round: the books take no room for those before.
func TestFarRound(t *testing.T) {
	items := []record.Item{{Name: "/", Requests: record.Count{Auto: true}}, {Name: "/other", Requests: record.Count{Auto: true}}}
	st := judge.New(record.Header{Plan: record.Plan{Metric: "rss", Runtime: "none"}, Items: items})
	edge := record.Edge{RSS: 1 << 25, Metric: 1 << 25}
	add := func(events ...record.Event) {
		t.Helper()
		for _, e := range events {
			if err := st.Append(e); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(record.Opened{Process: record.Process{Kind: "command", PID: 7}, Fresh: edge})
	for uri := range items {
		metric, at, latency := make([]int64, 128), make([]uint32, 128), make([]uint32, 128)
		for i := range metric {
			metric[i], at[i], latency[i] = edge.Metric, uint32(i), 100
		}
		add(
			record.Began{URI: uri, Purpose: record.Sweep, Round: 1 << 40, N: 128, Start: edge},
			record.Readings{Metric: metric, At: at, Latency: latency, Sent: 128},
			record.Finished{End: edge},
		)
	}
	if n := len(st.Findings()); n != len(items) {
		t.Errorf("%d findings", n)
	}
}
