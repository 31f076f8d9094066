package main

import (
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"leakhunt/harness"
	"leakhunt/harness/verdict"
)

func standing() []harness.URIResult {
	return []harness.URIResult{
		{Rank: 1, Name: strings.Repeat("名", 200), Verdict: verdict.Leak, Growth: 4096, Series: make([]harness.Point, 50)},
		{Rank: 2, Name: "/s3cr3t-value", Verdict: verdict.Inconclusive, Growth: 1e6},
		{Rank: 3, Name: "bell\a", Verdict: verdict.Failed},
	}
}

func TestLiveFitsEveryTerminal(t *testing.T) {
	for columns := 1; columns <= 250; columns++ {
		var out strings.Builder
		l := &live{w: &out, redact: strings.ToUpper, size: func() (int, int) { return columns, 24 }}
		l.Standing(standing())
		l.Progress(harness.Progress{Phase: "round 1", URI: "/", Sent: 5, Expected: 10, Left: time.Hour})
		if len(l.drawn) != 6 {
			t.Fatalf("%d lines at %d columns", len(l.drawn), columns)
		}
		for i, w := range l.drawn {
			if columns >= 40 && w >= columns {
				t.Errorf("line %d takes %d of %d columns", i, w, columns)
			}
		}
		if strings.Contains(out.String(), "s3cr3t") || strings.Contains(out.String(), "\a") {
			t.Errorf("%q", out.String())
		}
	}
}

// A frame begins where the last one did, also where a terminal that was made
// narrower has broken its lines up; Close leaves nothing.
func TestLiveGoesBackToItsBeginning(t *testing.T) {
	var out strings.Builder
	columns := 100
	l := &live{w: &out, redact: func(s string) string { return s }, size: func() (int, int) { return columns, 24 }}
	g := harness.Progress{Phase: "round 1", URI: strings.Repeat("x", 200), Sent: 5, Expected: 10}
	l.Progress(g) // the bar takes 70 columns, the status 99
	for _, tt := range []struct {
		columns int
		up      string
	}{{100, "\r\x1b[2A"}, {50, "\r\x1b[4A"}, {50, "\r\x1b[2A"}} {
		out.Reset()
		columns = tt.columns
		l.Progress(g)
		if !strings.HasPrefix(out.String(), tt.up) {
			t.Errorf("%d columns: %.12q, want %q", tt.columns, out.String(), tt.up)
		}
	}
	out.Reset()
	l.Close()
	if got, want := out.String(), "\r\x1b[2A"+wrapOff+clearLine+"\n"+clearLine+"\n"+clearLine+"\x1b[2A"+wrapOn; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	out.Reset()
	l.Note("after the end")
	if out.String() != "after the end\n" {
		t.Errorf("%q", out.String())
	}
}

func TestLiveMovesAndColours(t *testing.T) {
	l := &live{redact: func(s string) string { return s }, color: true}
	l.Standing(standing())
	again := standing()
	again[0].Rank, again[1].Rank = 2, 1
	l.Standing(again)
	text, width := l.row(again[0], layout(100, 30)).render(true)
	if !strings.Contains(text, "▼1") || !strings.Contains(text, "\x1b[1;31mleak") || width > 99 {
		t.Errorf("%d columns: %q", width, text)
	}
	if text, _ := l.row(again[1], layout(100, 30)).render(false); !strings.Contains(text, "▲1") || strings.Contains(text, "\x1b") {
		t.Errorf("%q", text)
	}
	if w := runewidth.StringWidth(strings.Repeat("名", 2)); w != 4 {
		t.Errorf("a wide character takes %d columns", w/2)
	}
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1400 * time.Millisecond: "1s", 64 * time.Second: "1m0s", 128 * time.Second: "2m10s", 40 * time.Minute: "40m", 5*time.Hour + 20*time.Second: "5h0m",
	} {
		if got := roughly(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
