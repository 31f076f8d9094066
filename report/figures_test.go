package report

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// The figures of a row are those of one evidence: where a counter decided, the floor of
// RSS is told apart from it.
func TestFiguresAreOfOneEvidence(t *testing.T) {
	u := uri("GET", "/", verdict.Stable, 20, 180, 6700, "")
	u.Rank, u.GrowthOf, u.Counted, u.GrowthHigh = 1, liveBytes, 211, 6700
	f := figuresOf(&u)
	if want := (figures{Of: liveBytes, Growth: 20, Low: -160, High: 211, Floor: 211, Beyond: 6700, BeyondOf: "RSS"}); f != want {
		t.Errorf("%+v, want %+v", f, want)
	}
	u.GrowthOf = "rss" // objects cleared it, and no counter of bytes is there
	if f := figuresOf(&u); f != (figures{Of: "RSS", Growth: 20, Low: -160, High: 6700, Floor: 6700}) {
		t.Errorf("of RSS: %+v", f)
	}
	r := sample()
	r.URIs = append(r.URIs[:0:0], u)
	if text := beyond(r); text != "" {
		t.Errorf("of RSS alone: %s", text)
	}
	r.URIs[0].GrowthOf = liveBytes
	want := "Memory that no counter counts, such as that of native libraries, shows in RSS alone: for 1 URI its growth is excluded above 6.5 KiB/request."
	if text := beyond(r); text != want {
		t.Errorf("%s", text)
	}
	clears := "Nothing to fix: no leak above 211 B/request of what the runtime counts, nor above 6.5 KiB/request of RSS, in 1 URI."
	if text := cleared(r); text != clears {
		t.Errorf("%s", text)
	}
	// What the runtime counts is excluded above the largest floor of its own, also where
	// nothing else is known of that URI.
	rough := u
	rough.GrowthOf, rough.Detectable, rough.Counted = liveBytes, 3000, 3000
	mixed := *r
	mixed.URIs = append(slices.Clone(r.URIs), rough)
	clears = "Nothing to fix: no leak above 2.9 KiB/request of what the runtime counts, nor above 6.5 KiB/request of RSS, in 2 URIs."
	if text := cleared(&mixed); text != clears {
		t.Errorf("%s", text)
	}
	known := *r
	known.URIs = append(slices.Clone(r.URIs), u)
	known.URIs[1].GrowthOf, known.URIs[1].NativeKnown, known.URIs[1].Detectable = liveBytes, true, 8300
	both := "Native memory is what the process has beyond its runtime's own, and no counter counts it: " +
		"for 1 URI its growth is excluded above 8.1 KiB/request. " + want
	if text := beyond(&known); text != both {
		t.Errorf("with a URI whose native memory is known: %s", text)
	}
	for _, format := range []string{"table", "markdown"} {
		text := string(render(t, format, r, Options{}))
		row := regexp.MustCompile(`(?m)^\|? ?1 .*$`).FindString(text)
		if !strings.Contains(row, "live") || !strings.Contains(row, "-160 … 211 B") || strings.Contains(row, "KiB") {
			t.Errorf("%s: %s", format, row)
		}
	}
}

// What decided is drawn, and RSS beside it: on one axis where both are bytes, on its
// own beside a count.
func TestChartShowsWhatDecided(t *testing.T) {
	r := sample()
	for i, want := range []struct{ y, right, lines string }{
		{"Live bytes added by its own requests, in bytes", "", "faint series"},
		{"Live objects added by its own requests, in objects", "RSS, in bytes", "faint series"},
		{"RSS added by its own requests, in bytes", "", "series"},
	} {
		c := seriesChart(&r.URIs[i], "", maxPoints)
		var lines []string
		for _, l := range c.Lines {
			lines = append(lines, l.Class)
		}
		if got := strings.Join(lines, " "); c.YTitle != want.y || c.RightTitle != want.right || got != want.lines {
			t.Errorf("%s: %q, %q, %q", r.URIs[i].Name, c.YTitle, c.RightTitle, got)
		}
		if (c.Right == nil) != (want.right == "") {
			t.Errorf("%s: marks on the right: %v", r.URIs[i].Name, c.Right)
		}
	}
}

// No label of an axis hides the title over it, or where a curve begins.
func TestLabelsHideNothing(t *testing.T) {
	for i := range sample().URIs[:7] {
		u := sample().URIs[i]
		c := seriesChart(&u, "", maxPoints)
		var x, y int
		if _, err := fmt.Sscanf(c.Lines[len(c.Lines)-1].Path, "M%d %d", &x, &y); err != nil || x != 0 {
			t.Fatalf("%s: %.20s: %v", u.Name, c.Lines[len(c.Lines)-1].Path, err)
		}
		for _, m := range c.Y {
			if m.Label != "" && m.Line-labelHeight < y && y < m.Line+labelHeight/4 {
				t.Errorf("%s: %s hides the begin of the curve", u.Name, m.Label)
			}
		}
	}
	for _, m := range (plane{0, 1, 0, 513 << 10}).yTicks() {
		if (m.Label == "512 KiB") || m.Line == planeY && m.Label == "" {
			t.Errorf("%+v", m)
		}
	}
}

// The interval's band is inside the frame, however wide the interval is, and is not
// cut off by it.
func TestBandStaysInTheFrame(t *testing.T) {
	number := regexp.MustCompile(`-?\d+`)
	for _, half := range []float64{0, 50, 5_000, 5e7} {
		for i := range sample().URIs[:7] {
			u := sample().URIs[i]
			u.GrowthLow, u.GrowthHigh, u.Counted = u.Growth-half, u.Growth+half, 0
			for j := range u.Probes {
				u.Probes[j].Low, u.Probes[j].High = u.Probes[j].Growth-half, u.Probes[j].Growth+half
			}
			c := seriesChart(&u, "", maxPoints)
			for k, n := range number.FindAllString(c.Band, -1) {
				v, err := strconv.Atoi(n)
				if limit := map[int]int{0: planeX, 1: planeY}[k%2]; err != nil || v < 0 || v > limit || k%2 == 1 && (v == 0 || v == planeY) {
					t.Fatalf("%s, half of the interval %g: %s", u.Name, half, c.Band)
				}
			}
		}
	}
}

// The same source lines are shown once; where they come again, a link leads to them.
func TestExcerptsAreShownOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "app/models/feed.rb", strings.Repeat("# a line\n", 40))
	r := sample()
	r.URIs[1].Sites = r.URIs[0].Sites
	text := string(render(t, "html", r, Options{SourceRoots: []string{dir}}))
	if n := strings.Count(text, `<figure class="source"`); n != 2 { // lines 31 and 12
		t.Errorf("%d excerpts", n)
	}
	for _, id := range []string{"x1", "x2"} {
		if strings.Count(text, `id="`+id+`"`) != 1 || strings.Count(text, `<a href="#`+id+`">shown above</a>`) != 1 {
			t.Errorf("%s is not shown once and linked to once", id)
		}
	}
}

// Chips and rows lead somewhere on the page.
func TestLinksLead(t *testing.T) {
	for _, r := range []*result.Result{sample(), many(130)} {
		text := string(render(t, "html", r, Options{}))
		for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(text, -1) {
			if !strings.Contains(text, `id="`+m[1]+`"`) {
				t.Errorf("nothing on the page is called %q", m[1])
			}
		}
		for _, want := range []string{`href="#only-leak"`, `id="only-leak"`, `href="#b1"`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not there", want)
			}
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// What counts alone convict is told in what they count: RSS may say anything of it.
func TestFiguresByCount(t *testing.T) {
	u := result.URI{
		Name: "/login", Verdict: verdict.Leak, Requests: 120, GrowthOf: "rss", Growth: -16000, GrowthLow: -20000, GrowthHigh: 9000,
		Detectable: 9100, Evidence: []string{"live slots"}, Probes: []result.Probe{{Name: "live slots", Unit: "objects", Growth: 1.03, Low: 0.72, High: 1.09}},
	}
	if f := figuresOf(&u); f.both() != "1.03 objects" || f.interval() != "0.72 … 1.09 objects" || f.floor() != "–" {
		t.Errorf("%s, %s, %s", f.both(), f.interval(), f.floor())
	}
	lead, detail := leakAdvice([]*result.URI{&u})
	if lead != "Fix /login first: it keeps 1.03 objects with every request." || !strings.HasPrefix(detail, "Its interval is 0.72 … 1.09 objects,") {
		t.Errorf("%s %s", lead, detail)
	}
	if f, _ := failure(&u, Change{}, FailOnLeak); !strings.HasPrefix(f.Message, "/login keeps 1.03 objects with every request (0.72 … 1.09 objects).") {
		t.Error(f.Message)
	}
	for _, also := range []string{"rss", "live bytes", "touched set"} {
		v := u
		v.Evidence = []string{"live slots", also}
		if f := figuresOf(&v); f.Unit != "" || f.Growth != u.Growth {
			t.Errorf("with %s: %+v", also, f)
		}
	}
	u.Verdict = verdict.Stable
	if f := figuresOf(&u); f.Unit != "" {
		t.Errorf("cleared: %+v", f)
	}
}

// What a process holds beside memory is told in its own unit where it convicts alone, or
// where no growth in bytes is sure. Else the row has bytes.
func TestFiguresOfWhatAProcessHolds(t *testing.T) {
	u := holding("processes")
	if f := figuresOf(&u); f.both() != "1 process" || f.interval() != "0.95 … 1.02 processes" || f.floor() != "–" {
		t.Errorf("alone: %+v", f)
	}
	u.GrowthLow = 50 // RSS grows, and does not convict
	if f := figuresOf(&u); f.Unit != "processes" {
		t.Errorf("beside RSS that grows: %+v", f)
	}
	u.GrowthOf, u.Evidence = liveBytes, []string{liveBytes, "processes"}
	if f := figuresOf(&u); f.Unit != "" || f.Growth != 98 {
		t.Errorf("beside live bytes that convict: %+v", f)
	}
	u.GrowthLow = -302
	if f := figuresOf(&u); f.Unit != "processes" {
		t.Errorf("beside live bytes that may not grow: %+v", f)
	}
}
