package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"leakhunt/harness/result"
)

// many is a run of so many URIs, each with a long series.
func many(n int) *result.Result {
	r := sample()
	base := r.URIs
	r.URIs = nil
	for i := range n {
		u := base[i%len(base)]
		u.Rank, u.Name = i+1, fmt.Sprintf("%s?copy=%d", u.Name, i)
		var points []result.Point
		for round := range 40 {
			for _, p := range u.Series {
				p.Round += round * 5
				p.Requests += round * 2048
				p.T += float64(round)*42 + float64(i)/float64(n)
				points = append(points, p)
			}
		}
		u.Series = points
		r.URIs = append(r.URIs, u)
	}
	return r
}

// 500 URIs stay well under 5 MB: their series are thinned further.
func TestHTMLSize(t *testing.T) {
	text := render(t, "html", many(500), Options{})
	if n := len(text); n > 5<<19 {
		t.Errorf("500 URIs take %d bytes", n)
	}
	if n := bytes.Count(text, []byte(" open>")); n != maxOpen {
		t.Errorf("%d URIs are unfolded", n)
	}
}

// Each round is one stretch of the time line, numbered where the number does not
// stand upon the axis's labels, and each URI with readings is in the legend once.
func TestTimeline(t *testing.T) {
	line := newTimeline(sample())
	var rounds []string
	for _, a := range line.Areas {
		rounds = append(rounds, a.Label)
	}
	if got := strings.Join(rounds, " "); got != " 2 3 4 5" {
		t.Errorf("rounds: %s", got)
	}
	// URIs that were tried alone come after the rounds, whatever their number.
	r := sample()
	for i := range r.URIs[:2] {
		u := &r.URIs[i]
		p := u.Series[len(u.Series)-1]
		for range 3 {
			p.T, p.Round, p.Alone = p.T+20, i+1, true
			u.Series = append(u.Series, p)
		}
	}
	if areas := newTimeline(r).Areas; len(areas) != 6 || areas[5].Label != "alone" {
		t.Errorf("with two tried alone: %+v", areas)
	}
	if len(line.Marks) != 1 || line.Marks[0].Line < 770 || line.Marks[0].Line > 800 {
		t.Errorf("restarts: %+v", line.Marks)
	}
	if len(line.Legend) != 7 || line.Legend[0].Growth != "+127.8 MiB" {
		t.Errorf("legend: %+v", line.Legend)
	}
	if l := newTimeline(many(12)).Legend; l[7].Name != "4 other URIs" { // one of the others has no reading
		t.Errorf("legend of 12: %+v", l)
	}
}

// No restart's name stands upon another's.
func TestRestartNames(t *testing.T) {
	p := plane{x0: 0, x1: 100, y0: 0, y1: 1}
	for _, c := range []struct {
		at    []float64
		named string // one letter each
	}{
		{[]float64{40}, "y"},
		{[]float64{40, 42, 60}, "yny"},
		{[]float64{10, 20, 30}, "yny"},
		{[]float64{75, 95}, "yn"}, // towards each other
		{[]float64{60, 95}, "yy"},
	} {
		got := ""
		for _, m := range p.restarts(c.at) {
			got += map[string]string{"restart": "y", "": "n"}[m.Label]
		}
		if got != c.named {
			t.Errorf("%v: %s, want %s", c.at, got, c.named)
		}
	}
}

// The page loads nothing, runs nothing, and has no element or attribute but
// those of the template, whatever the names.
func TestHTMLIsInert(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "evil.rb"), []byte("</code><script>alert(1)</script>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	good, bad := sample(), hostile()
	for i := range bad.URIs {
		bad.URIs[i].Sites[0].File, bad.URIs[i].Sites[0].Line, bad.URIs[i].Sites[0].Caller = "evil.rb", 1, ""
	}
	known := vocabulary(t, render(t, "html", good, Options{}))
	for _, extra := range []string{"figure class", "pre", "code class", "p class", "h4", "li", "ul", "details class", "ol", "strong", "figcaption"} {
		for _, word := range strings.Fields(extra) {
			known[word] = true
		}
	}
	text := render(t, "html", bad, Options{SourceRoots: []string{dir}})
	if !bytes.Contains(text, []byte("&lt;script&gt;alert(1)&lt;/script&gt;\n")) {
		t.Error("the source line is not shown")
	}
	for word := range vocabulary(t, text) {
		if !known[word] || strings.HasPrefix(word, "on") {
			t.Errorf("%q is no word of the template", word)
		}
	}
	if bytes.ContainsAny(text, "\x1b\x00") || bytes.Contains(text, []byte("\u202e")) {
		t.Error("control characters")
	}
}

// vocabulary is every element and attribute of a page. Links must stay on it.
func vocabulary(t *testing.T, text []byte) map[string]bool {
	t.Helper()
	words := map[string]bool{}
	for z := html.NewTokenizer(bytes.NewReader(text)); ; {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				t.Fatal(z.Err())
			}
			return words
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			words[token.Data] = true
			for _, a := range token.Attr {
				words[a.Key] = true
				if (a.Key == "href" || a.Key == "src") && !strings.HasPrefix(a.Val, "#") && a.Val != "data:," {
					t.Errorf("%s leads to %q", token.Data, a.Val)
				}
			}
		}
	}
}

// What the page says of a URI is there: the sentence, the interval, the floor,
// the counter, the line and the command.
func TestHTMLTells(t *testing.T) {
	text := string(render(t, "html", sample(), Options{}))
	for _, want := range []string{
		"<h1><bdi>Fix /feed first:", "63.8 … 64.6 KiB", ">310 B<", "2/request (1.98 … 2.03)", "app/models/feed.rb:31",
		"leakhunt run scenarios/shop.yaml --header=&#39;Accept: text/html&#39; --requests=2048 --only=/feed<",
		"leakhunt run scenarios/shop.yaml --header=&#39;Accept: text/html&#39; --requests=2048 --seed=7<", "Transparent huge pages are on", "MALLOC_ARENA_MAX=1", "glibc",
		"until 2027-01-31 (cache warms up)", "status 500, expected 2xx or 3xx",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not there", want)
		}
	}
	if n := strings.Count(text, "<details class=\"uri "); n != 8 {
		t.Errorf("%d URIs, want 8", n)
	}
}

func TestHTMLOfNothing(t *testing.T) {
	r := sample()
	r.URIs = nil
	if text := render(t, "html", r, Options{}); !bytes.Contains(text, []byte("No URI was measured.")) {
		t.Error("no word of it")
	}
	r = sample()
	r.URIs = r.URIs[:1]
	r.URIs[0].Series = r.URIs[0].Series[:1]
	render(t, "html", r, Options{})
}

func TestBinaryAndDecimalSteps(t *testing.T) {
	for in, want := range map[float64]float64{0: 1, 1: 1, 3: 4, 1024: 1024, 1025: 2048} {
		if got := binaryStep(in); got != want {
			t.Errorf("binaryStep(%g) = %g, want %g", in, got, want)
		}
	}
	for in, want := range map[float64]float64{0.3: 0.5, 1: 1, 1.1: 2, 3: 5, 6: 10, 410: 500} {
		if got := decimalStep(in); got < want*0.999 || got > want*1.001 {
			t.Errorf("decimalStep(%g) = %g, want %g", in, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for in, want := range map[float64]string{0: "0 s", 41.26: "41.3 s", 119: "119 s", 120: "2m", 150: "2m30s", 162.4: "2m42s", 600: "10m", 3600: "1h0m"} {
		if got := clock(in); got != want {
			t.Errorf("clock(%g) = %q, want %q", in, got, want)
		}
	}
}
