package report

import (
	"strings"
	"testing"

	"leakhunt/harness/target"
)

func TestProcessesTable(t *testing.T) {
	var out strings.Builder
	err := WriteProcesses(&out, "table", []target.Entry{
		{Server: "puma", App: "shop", PID: 42, Address: "127.0.0.1:3000", RSS: 90 << 20, Anon: 64 << 20, Uptime: 3700, Processed: -1},
		{Server: "passenger", App: "desk\x1b[2J", PID: 43, Address: "unix:/run/s", RSS: 50 << 20, Uptime: 5, Processed: 1234, Enabled: "detached", Problem: "it is on its way out", Remedy: "Passenger is putting another process in its place."},
		{Address: "127.0.0.1:9000", Processed: -1, Problem: "it belongs to user bob and may not be looked at", Remedy: "sudo leakhunt processes"},
		{Server: "passenger", PID: 45, Processed: -1, Problem: "its process has ended"},
	}, Options{Width: 120})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"passenger                45                         –          –        –          –\n",
		"passenger, pid 45: its process has ended\n",
		"puma       shop          42  127.0.0.1:3000  90.0 MiB   64.0 MiB  1h1m40s          –",
		"                          –  127.0.0.1:9000         –          –        –          –",
		`passenger desk\x1b[2J, pid 43: it is on its way out. Passenger is putting another process in its place.` + "\n",
		"127.0.0.1:9000: it belongs to user bob and may not be looked at. sudo leakhunt processes\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestSentTable(t *testing.T) {
	var out strings.Builder
	err := WriteSent(&out, "table", []Sent{
		{App: "shop", PID: 42, Status: 200, OK: true, LatencyMS: 3.25, Bytes: 5, RSSBefore: 90 << 20, RSSAfter: 91 << 20},
		{App: "shop", PID: 43, Status: 503, LatencyMS: 3.25, Problem: "status 503, expected 200", RSSBefore: 90 << 20, RSSAfter: 90 << 20},
		{App: "shop", PID: 44, Problem: "it is on its way out", Remedy: "Wait."},
	}, Options{Width: 120})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pid 43: status 503, expected 200\n", "pid 44: it is on its way out. Wait.\n", "ok ", "failed   3.2 ms", "failed        –     –           –          –\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if err := WriteSent(&out, "yaml", nil, Options{}); err == nil {
		t.Error("a format that is not there")
	}
}
