//go:build live

package report

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"leakhunt/harness/result"
)

// browser is Debian's chromium, headless. Its context has no time limit, which
// would end the browser and not the action: the test's own limit holds.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.ExecPath("chromium"),
		chromedp.WSURLReadTimeout(2*time.Minute)) // a cold start on a busy machine
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	do(ctx, t)
	return ctx
}

func do(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func call[P, R any](ctx context.Context, t *testing.T, cmd cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(ctx, cmd, params); err != nil {
		t.Fatal(err)
	}
}

func eval[T any](ctx context.Context, t *testing.T, script string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// look is a way to look at a page.
type look struct {
	width, height int64
	dark, scripts bool
}

func (l look) String() string {
	return fmt.Sprintf("%d-%s-%s", l.width, map[bool]string{true: "dark", false: "light"}[l.dark],
		map[bool]string{true: "scripts", false: "noscripts"}[l.scripts])
}

// open shows the page, and fails the test for anything on the console and any
// request but the page itself.
func open(parent context.Context, t *testing.T, url string, l look) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	do(ctx, t)
	var mu sync.Mutex
	var complaints []string
	loaded := 0
	err := chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			complaints = append(complaints, fmt.Sprintf("console: %s", e.Type))
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, "exception: "+e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			complaints = append(complaints, fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text))
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; u == url {
				loaded++
			} else if !strings.HasPrefix(u, "data:") {
				complaints = append(complaints, "request to "+u)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Error(c)
		}
		if loaded != 1 {
			t.Errorf("the page was loaded %d times: nobody listened", loaded)
		}
	})
	scheme := map[bool]string{true: "dark", false: "light"}[l.dark]
	call(ctx, t, log.Enable, cdp.Empty{})
	call(ctx, t, network.Enable, network.EnableParams{})
	call(ctx, t, performance.Enable, performance.EnableParams{}) // counts from here on
	call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		// Where a page scrolls smoothly, a click lands beside what has moved on meanwhile.
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !l.scripts})
	do(ctx, t, chromedp.EmulateViewport(l.width, l.height), chromedp.Navigate(url))
	return ctx
}

// shot keeps a picture of the whole page in the folder REPORT_SHOTS names, for
// a person to look at.
func shot(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("REPORT_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

func axe(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, "axe-core@4.14.1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages are reports as people get them, in files.
func pages(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "app", "models")
	if err := os.MkdirAll(source, 0o755); err != nil {
		t.Fatal(err)
	}
	lines := strings.Repeat("# a comment\n", 28) + "class Feed\n  def remember(post)\n    @@seen[post.id] = post.body # kept for ever\n  end\nend\n"
	if err := os.WriteFile(filepath.Join(source, "feed.rb"), []byte(lines), 0o644); err != nil {
		t.Fatal(err)
	}
	base, head := worse()
	cmp, err := Compare(base, head, true)
	if err != nil {
		t.Fatal(err)
	}
	incomplete := sample()
	incomplete.Complete, incomplete.Incomplete = false, "interrupted"
	out := map[string]string{}
	for name, r := range map[string]*result.Result{"sample": sample(), "hostile": hostile(), "folded": many(126), "many": many(500), "incomplete": incomplete} {
		path := filepath.Join(dir, name+".html")
		o := Options{SourceRoots: []string{dir}}
		if name == "incomplete" {
			o.Comparison = cmp
		}
		if err := WriteAll([]Sink{{"html", path}}, nil, r, o); err != nil {
			t.Fatal(err)
		}
		out[name] = "file://" + path
	}
	path := filepath.Join(dir, "comparison.html")
	if err := WriteComparisonTo([]Sink{{"html", path}}, nil, cmp, Options{}); err != nil {
		t.Fatal(err)
	}
	out["comparison"] = "file://" + path
	return out
}

// Phone and desktop, light and dark, with scripts and without: nothing on the
// console, nothing wider than the screen, and nothing that axe objects to.
func TestBrowser(t *testing.T) {
	ctx := browser(t)
	script := axe(t)
	for name, url := range pages(t) {
		if name == "many" {
			continue
		}
		for _, l := range []look{
			{390, 844, false, true},
			{390, 844, true, false},
			{1280, 900, false, false},
			{1280, 900, true, true},
		} {
			if name == "folded" && (!l.scripts || l.width != 390) {
				continue // it is the page of few URIs, but for its ranking
			}
			t.Run(name+"-"+l.String(), func(t *testing.T) {
				ctx := open(ctx, t, url, l)
				shot(ctx, t, name+"-"+l.String())
				const overflow = "document.documentElement.scrollWidth - window.innerWidth"
				if px := eval[float64](ctx, t, overflow); px > 0 {
					t.Errorf("the page is %g px wider than the screen", px)
				}
				const badges = "Math.max(...[...document.querySelectorAll('table.ranking tbody tr')].map(r => [...r.querySelectorAll('.badge')].filter(b => b.checkVisibility()).length))"
				if n := eval[int](ctx, t, badges); n != 1 {
					t.Errorf("%d verdicts are seen in a row of the ranking", n)
				}
				if !l.scripts && name != "sample" && name != "comparison" {
					return
				}
				call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{}) // for axe; the page has been read
				n := eval[int](ctx, t, "document.querySelectorAll('details').forEach(d => d.open = true), document.querySelectorAll('details[open]').length")
				if px := eval[float64](ctx, t, overflow); n == 0 && name != "comparison" || px > 0 {
					t.Errorf("with %d details unfolded, the page is %g px wider than the screen", n, px)
				}
				violations := eval[[]string](ctx, t, script+"; axe.run(document, {resultTypes: ['violations']}).then(r => "+
					"r.violations.map(v => v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(n => n.html + ' ' + n.failureSummary).join(' ; ')))")
				for _, v := range violations {
					t.Error(v)
				}
			})
		}
	}
}

// 500 URIs open and scroll to the end; the time is told, not judged.
func TestBrowserMany(t *testing.T) {
	ctx := open(browser(t), t, pages(t)["many"], look{1280, 900, false, true})
	const timing = "(() => { const n = performance.getEntriesByType('navigation')[0]; return [n.responseEnd, n.domInteractive, n.loadEventEnd] })()"
	t.Logf("500 URIs: received, parsed and loaded after %.0f ms", eval[[]float64](ctx, t, timing))
	t.Logf("its main thread was busy for %.0f ms of CPU time", 1000*threadTime(ctx, t))
	at := eval[[]float64](ctx, t, `(async () => {
		const began = performance.now();
		document.querySelector('#u500').scrollIntoView();
		await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
		return [window.scrollY, performance.now() - began, document.querySelectorAll('details.uri').length];
	})()`)
	t.Logf("scrolled to the last of them in %.0f ms", at[1])
	if rows := eval[int](ctx, t, "[...document.querySelectorAll('#ranking tbody tr')].filter(r => r.checkVisibility()).length"); rows != maxRows {
		t.Errorf("%d rows of the ranking are seen", rows)
	}
	if at[0] < 5000 || at[2] != 500 {
		t.Errorf("%g URIs; scrolled to %g px", at[2], at[0])
	}
}

// threadTime is the CPU time of the page's main thread, in seconds: unlike the
// time that passes it depends little on what else runs on the machine.
func threadTime(ctx context.Context, t *testing.T) float64 {
	t.Helper()
	r, err := chromedp.Call(ctx, performance.GetMetrics, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Metrics {
		if m.Name == "ThreadTime" {
			return m.Value
		}
	}
	t.Fatal("no ThreadTime")
	return 0
}

// Keys alone reach the ranking and unfold a URI.
func TestBrowserKeyboard(t *testing.T) {
	ctx := open(browser(t), t, pages(t)["sample"], look{1280, 900, false, true})
	do(ctx, t, chromedp.KeyEvent("\t"))
	if got := eval[string](ctx, t, "document.activeElement.textContent"); got != "Skip to the ranking" {
		t.Errorf("the first stop is %q", got)
	}
	got := eval[string](ctx, t, "document.querySelector('#u7 summary').focus(), document.activeElement.parentElement.id")
	do(ctx, t, chromedp.KeyEvent("\r"))
	if open := eval[bool](ctx, t, "document.querySelector('#u7').open"); got != "u7" || !open {
		t.Errorf("Enter on the summary of %q: open %v", got, open)
	}
}

// A chip filters by anchors alone, with scripts on or off; a row leads to its URI,
// unfolded.
func TestBrowserFilters(t *testing.T) {
	const rows = "[...document.querySelectorAll('#ranking tbody tr')].filter(r => r.checkVisibility()).length"
	const sections = "[...document.querySelectorAll('details.uri')].filter(r => r.checkVisibility()).length"
	parent, url := browser(t), pages(t)["sample"]
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %t", scripts), func(t *testing.T) {
			ctx := open(parent, t, url, look{1280, 900, false, scripts})
			do(ctx, t, chromedp.Click("a[href='#only-leak']"))
			for name, script := range map[string]string{"rows": rows, "sections": sections} {
				if n := eval[int](ctx, t, script); n != 3 {
					t.Errorf("%d %s of leaks are seen", n, name)
				}
			}
			do(ctx, t, chromedp.Click("#only-leak a"))
			if n := eval[int](ctx, t, rows); n != 8 {
				t.Errorf("%d rows of all", n)
			}
			do(ctx, t, chromedp.Click("#ranking a[href='#b7']"))
			const unfolded = `document.getElementById("u7").open + " at " + location.hash`
			got := ""
			for range 2000 { // it unfolds once the page is drawn
				if got = eval[string](ctx, t, unfolded); got == "true at #b7" {
					return
				}
			}
			t.Errorf("the row leads to a URI that is unfolded: %s", got)
		})
	}
}

// The page's one script finds and sorts.
func TestBrowserFindsAndSorts(t *testing.T) {
	ctx := open(browser(t), t, pages(t)["folded"], look{1280, 900, false, true})
	const rows = "[...document.querySelectorAll('#ranking tbody tr')].filter(r => r.checkVisibility())"
	if n := eval[int](ctx, t, rows+".length"); n != maxRows {
		t.Errorf("%d rows are seen before anything is looked for", n)
	}
	do(ctx, t, chromedp.SendKeys("#find", "feed leak"))
	if n, says := eval[int](ctx, t, rows+".length"), eval[string](ctx, t, "document.querySelector('output').textContent"); n != 16 || says != "16 of 126" {
		t.Errorf("%d rows of feed: %q", n, says)
	}
	eval[bool](ctx, t, "(f => { f.value = ''; return f.dispatchEvent(new Event('input')) })(document.getElementById('find'))")
	for _, c := range []struct{ column, first, order string }{
		{"Growth/request", "64.2 KiB", "descending"}, {"Growth/request", "–", "ascending"}, {"#", "1", "ascending"}, {"URI", "/?copy=6", "ascending"},
	} {
		const click = `(() => { const b = [...document.querySelectorAll('.by')].find(b => b.textContent === %q); b.click();
			return [b.closest('th').getAttribute('aria-sort'), document.querySelector('#ranking tbody tr').cells[[...b.closest('tr').cells].indexOf(b.closest('th'))].firstChild.textContent] })()`
		got := eval[[]string](ctx, t, fmt.Sprintf(click, c.column))
		if got[0] != c.order || got[1] != c.first {
			t.Errorf("%s: %q", c.column, got)
		}
	}
}
