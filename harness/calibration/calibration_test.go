package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/calibration/simulate"
	"leakhunt/harness/verdict"
)

// frozen is a clock that stands still, so that tables are the same each time.
func frozen() time.Time { return time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC) }

// The rates that the verdicts must keep, on a small deterministic simulation.
// The full table has more, and its figures; these are bounds that would break
// with any serious change for the worse.
func TestRates(t *testing.T) {
	t.Parallel()
	cells, err := run(context.Background(), frozen, simulated{18, 11}, counters{40, 11})
	if err != nil {
		t.Fatal(err)
	}
	power := map[string]float64{
		"rss, sequential quiet 1024": 0.9, "rss, sequential quiet 4096": 0.99, "rss, sequential quiet 16384": 0.99,
		"rss, sequential mid 1024": 0.7, "rss, sequential mid 4096": 0.95, "rss, sequential noisy 16384": 0.95,
		"rss, recorded quiet 1024": 0.9, "rss, recorded mid 4096": 0.95,
		"counter, 250 requests ruby objects 1": 0.99, "counter, 250 requests python objects 1": 0.95,
		"counter, 250 requests node bytes 512": 0.95, "counter, 250 requests go bytes 512": 0.99,
		"counter, 2100 requests ruby objects, 1 in 10 0.1": 0.7, "counter, 2100 requests settled rss 4096": 0.9,
	}
	held, measured, lies, leaking := 0, 0, 0, 0
	for _, c := range cells {
		name := fmt.Sprintf("%s %s %g", c.Evidence, c.World, c.Leak)
		found := float64(c.labels[verdict.Leak]) / float64(c.n)
		if c.Leak == 0 && found > 0 {
			t.Errorf("%s: %d of %d innocents accused", name, c.labels[verdict.Leak], c.n)
		}
		if want, ok := power[name]; ok && found < want {
			t.Errorf("%s: found %.0f %%, want %.0f %%", name, 100*found, 100*want)
		}
		delete(power, name)
		for l, n := range c.measured {
			held, measured = held+c.held[l], measured+n
		}
		if c.Leak > 0 {
			lies, leaking = lies+c.lies, leaking+c.n
		}
	}
	for name := range power {
		t.Errorf("no cell %q", name)
	}
	if share := float64(held) / float64(measured); share < 0.93 {
		t.Errorf("the 95 %% interval held the truth in %.1f %%", 100*share)
	}
	if share := float64(lies) / float64(leaking); share > 0.01 {
		t.Errorf("%d of %d leaks called harmless with a floor below them", lies, leaking)
	}
}

// A folder of recorded series goes through the same table.
func TestCommand(t *testing.T) {
	dir := t.TempDir()
	for _, leak := range []float64{0, 4096} {
		p := simulate.New(3, simulate.Quiet, simulate.Flat, simulate.Leak{Bytes: leak}, 6144)
		writeSeries(t, filepath.Join(dir, fmt.Sprintf("toy-fixed-6144-leak%.0f-a1.csv.gz", leak)), p.RSS)
	}
	out := filepath.Join(t.TempDir(), "table.md")
	args := []string{"-sim", "1", "-traces", dir, "-o", out, "-seed", "5"}
	if err := calibrate(context.Background(), args, io.Discard, io.Discard, frozen); err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"`go run ./harness/calibration -sim 1 -seed 5 -traces " + filepath.Base(dir) + " -burn-in 2048`, 2026-01-02",
		"| recorded | rss, recorded | toy | 1 | 0 | 97.50 % | 1 | 0 | 0 | 0 |",
		"| recorded | rss, recorded | toy | 4.0 KiB | 1 | 100.0 % | 2.5–100.0 % |",
		"| simulated | counter, 250 requests | **all** | 5 |",
		"| recorded | rss, recorded | 100.0 % | – | – | 100.0 % | 100.0 % |",
	} {
		if !strings.Contains(string(table), want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

func writeSeries(t *testing.T, path string, rss []float64) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	text := "requests,rss_bytes\n"
	for i, v := range rss {
		text += fmt.Sprintf("%d,%.0f\n", i, v)
	}
	_, err := io.WriteString(z, text)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCommandErrors(t *testing.T) {
	odd := t.TempDir()
	writeSeries(t, filepath.Join(odd, "unnamed.csv.gz"), []float64{1})
	for _, args := range [][]string{
		{"-sim", "-1"},
		{"extra"},
		{"-nonsense"},
		{"-sim", "0", "-traces", t.TempDir()},
		{"-sim", "0", "-traces", odd},
		{"-sim", "0", "-o", filepath.Join(odd, "no", "such", "folder")},
	} {
		if err := calibrate(context.Background(), args, io.Discard, io.Discard, frozen); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := calibrate(ctx, []string{"-sim", "5"}, io.Discard, io.Discard, frozen); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestClopperPearson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{ // by hand: 1−0.025^(1/n) at the ends; Beta quantiles of R between
		{0, 115, 0, 0.0316}, {60, 60, 0.9404, 1}, {2, 10, 0.0252, 0.5561},
	} {
		low, high := clopperPearson(c.k, c.n)
		if math.Abs(low-c.low) > 5e-4 || math.Abs(high-c.high) > 5e-4 {
			t.Errorf("%d of %d: %.4f–%.4f, want %.4f–%.4f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

// What a recorded series should show is told by the others of its kind alone.
func TestGrowthOfOthers(t *testing.T) {
	one := trace{kind: "toy-fixed-6144-leak1024-", leak: 1024, slope: 1}
	like := func(slope float64) trace { return trace{kind: one.kind, leak: 1024, slope: slope} }
	other := trace{kind: "toy-fixed-6144-leak4096-", leak: 4096, slope: 7}
	for _, c := range []struct {
		one    trace
		others []trace
		want   float64
	}{
		{one, []trace{like(1100), other, like(1300)}, 1200},
		{one, []trace{other}, 1024},
		{trace{kind: "toy-fixed-6144-leak0-"}, []trace{{kind: "toy-fixed-6144-leak0-", slope: 30}}, 0},
	} {
		if got := growthOf(c.one, c.others); got != c.want {
			t.Errorf("%s: %.0f, want %.0f", c.one.kind, got, c.want)
		}
	}
	dir := t.TempDir()
	for i, leak := range []float64{2048, 4096} {
		p := simulate.New(3, simulate.Quiet, simulate.Flat, simulate.Leak{Bytes: leak}, 6144)
		writeSeries(t, filepath.Join(dir, fmt.Sprintf("toy-fixed-6144-leak2048-a%d.csv.gz", i)), p.RSS)
	}
	var growths []float64
	for s, err := range (traces{dir, 2048}).Samples(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		growths = append(growths, s.Growth)
	}
	if len(growths) != 2 || math.Abs(growths[0]-4096) > 400 || math.Abs(growths[1]-2048) > 200 {
		t.Errorf("%.0f: each should be what the other grew", growths)
	}
}
