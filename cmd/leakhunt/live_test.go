package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
	"leakhunt/harness/watch"
)

func standing() []result.URI {
	return []result.URI{
		{Rank: 1, Name: strings.Repeat("名", 200), Verdict: verdict.Leak, Growth: 4096, Series: make([]result.Point, 50)},
		{Rank: 2, Name: "/s3cr3t-value", Verdict: verdict.Inconclusive, Growth: 1e6},
		{Rank: 3, Name: "bell\a", Verdict: verdict.Failed},
	}
}

func testLive(w io.Writer, columns, rows *int) *live {
	return &live{
		w: w, redact: strings.ToUpper, ours: func() bool { return true },
		size: func() (int, int) { return *columns, *rows },
	}
}

func TestLiveFitsEveryTerminal(t *testing.T) {
	t.Parallel()
	for rows := 1; rows <= 12; rows++ {
		for columns := 1; columns <= 250; columns++ {
			var out strings.Builder
			l := testLive(&out, &columns, &rows)
			l.Standing(standing())
			l.Progress(watch.Progress{Phase: "round 1", URI: "/", Sent: 5, Expected: 10, Left: time.Hour})
			for range 5 {
				l.Note("s3cr3t")
			}
			_, frame, _ := strings.Cut(out.String(), home)
			frame = frame[strings.LastIndex(frame, home)+len(home):]
			lines := strings.Split(strings.NewReplacer(wrapOff, "", wrapOn, "", clearRest, "", clearMore, "").Replace(frame), "\r\n")
			if want := min(rows, 9); len(lines) != want {
				t.Fatalf("%d lines at %d by %d, want %d\n%q", len(lines), columns, rows, want, lines)
			}
			for i, s := range lines {
				if w := runewidth.StringWidth(s); columns >= 40 && w >= columns {
					t.Errorf("line %d takes %d of %d columns", i, w, columns)
				}
			}
			if strings.Contains(out.String(), "s3cr3t") || strings.Contains(out.String(), "\a") {
				t.Errorf("%q", out.String())
			}
		}
	}
}

// It draws on a screen of its own and gives the terminal back as it was, with
// the notes; another job's terminal is left alone.
func TestLiveGivesTheTerminalBack(t *testing.T) {
	var out strings.Builder
	columns, rows := 100, 24
	l := testLive(&out, &columns, &rows)
	step := func(what func(), begin, end string) {
		t.Helper()
		out.Reset()
		what()
		if s := out.String(); !strings.HasPrefix(s, begin) || !strings.HasSuffix(s, end) || begin == "" && s != end {
			t.Errorf("%q, want %q … %q", s, begin, end)
		}
	}
	progress := func() { l.Progress(watch.Progress{Phase: "round 1", Sent: 5, Expected: 10}) }
	step(func() { l.Note("before") }, "", "before\n")
	step(progress, showOurs+home, clearMore)
	step(progress, home, clearMore)
	step(func() { l.Note("one") }, home, "ONE"+clearRest+wrapOn+clearMore)
	step(l.leave, "", home+clearMore+showTheir+"one\n")
	l.ours = func() bool { return false }
	step(progress, "", "")
	l.ours = func() bool { return true }
	step(progress, showOurs+home, clearMore)
	step(l.Close, "", home+clearMore+showTheir)
	step(progress, "", "")
	step(func() { l.Note("after") }, "", "after\n")
	step(l.Close, "", "")
}

func TestLiveMovesAndColours(t *testing.T) {
	l := testLive(nil, nil, nil)
	l.Standing(standing())
	again := standing()
	again[0].Rank, again[1].Rank = 2, 1
	l.Standing(again)
	if text := l.row(again[0], layout(100, 30)).render(true); !strings.Contains(text, "▼1") || !strings.Contains(text, "\x1b[1;31mleak") {
		t.Errorf("%q", text)
	}
	if text := l.row(again[1], layout(100, 30)).render(false); !strings.Contains(text, "▲1") || strings.Contains(text, "\x1b") {
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

// What a row says while a run goes on, and never "inconclusive".
func TestLiveStages(t *testing.T) {
	rises := result.URI{Name: "/a", Verdict: verdict.Inconclusive, Requests: 100, Growth: 900, GrowthLow: 10, GrowthHigh: 2000, Detectable: 2000}
	open := result.URI{Name: "/a", Verdict: verdict.Inconclusive, Requests: 100, GrowthLow: -10, GrowthHigh: 10, Detectable: 10}
	leak := result.URI{Name: "/a", Verdict: verdict.Leak, Requests: 100}
	for _, c := range []struct {
		row        result.URI
		phase, uri string
		want       string
	}{
		{rises, "round 2", "/b", "growing"},
		{rises, "confirming", "/b", "growing"},
		{rises, "by itself, 1: confirming", "/a", "confirming"},
		{rises, "testing again", "/a", "confirming"},
		{open, "round 2", "/a", "measuring"},
		{result.URI{Name: "/a", Verdict: verdict.Inconclusive}, "warming up", "/a", "measuring"},
		{leak, "naming lines", "/a", "tracing"},
		{leak, "naming lines", "/b", "leak"},
		{leak, "confirming", "/a", "leak"},
	} {
		l := &live{last: watch.Progress{Phase: c.phase, URI: c.uri}}
		if got := l.stage(&c.row); got != c.want {
			t.Errorf("%s in %q of %s: %s, want %s", c.row.Verdict, c.phase, c.uri, got, c.want)
		}
	}
}
