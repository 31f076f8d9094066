package imports

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"leakhunt/harness/fault"
)

const home = `<html><body>
<a href="/about#team">About</a> <a href="/orders/17">an order</a> <a href="/orders/18">another</a>
<a href="/calendar/2026/11">Calendar</a> <a href="/day?date=2026-11-28">Day</a>
<a href="/logout">x</a> <a href="/session" data-method="delete">leave</a> <a href="/quit">Log out</a> <a href="/orders/17/delete">-</a>
<a href="https://other.example/a">elsewhere</a> <a href="javascript:alert(1)">js</a> <a href="mailto:a@b">mail</a> <a href="/logo.png">logo</a>
<a href="/gone">gone</a> <a href="/moved">moved</a> <a href="/leaves">leaves</a> <a href="/private/a">private</a>
<form action="/search"><input name="q" value="hats"><input name="authenticity_token" value="Zq7hidden"><input type="submit" name="go"></form>
<form action="/cart" method="post"><button>Buy</button></form>
</body></html>`

// site is a small application with a calendar that has no end.
func site(t *testing.T) (*httptest.Server, func() []string) {
	var mu sync.Mutex
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		var year, month int
		switch n, _ := fmt.Sscanf(r.URL.Path, "/calendar/%d/%d", &year, &month); {
		case n == 2:
			_, _ = fmt.Fprintf(w, `<a href="/calendar/%d/%d">next</a>`, year+month/12, month%12+1)
		case r.URL.Path == "/day":
			_, _ = fmt.Fprintf(w, `<a href="?date=%sx">next</a>`, r.FormValue("date"))
		case r.URL.Path == "/":
			_, _ = fmt.Fprint(w, home)
		case r.URL.Path == "/gone":
			w.WriteHeader(http.StatusGone)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/arrived", http.StatusFound)
		case r.URL.Path == "/leaves":
			http.Redirect(w, r, "/logout", http.StatusFound)
		case r.URL.Path == "/robots.txt":
			_, _ = fmt.Fprint(w, "User-agent: *\nDisallow: /private\n")
		}
	}))
	t.Cleanup(s.Close)
	return s, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(asked)
	}
}

func TestCrawl(t *testing.T) {
	s, asked := site(t)
	f, err := Crawl(t.Context(), s.URL, Options{Max: 200})
	if err != nil {
		t.Fatal(err)
	}
	f.Source = "a crawl"
	golden(t, f, "testdata/crawl.golden")
	all := asked()
	if len(all) > 40 {
		t.Errorf("%d requests", len(all))
	}
	for _, r := range all {
		if !strings.HasPrefix(r, "GET ") || strings.Contains(r, "logout") || strings.Contains(r, "delete") ||
			slices.Contains([]string{"GET /session", "GET /quit", "GET /cart", "GET /robots.txt"}, r) {
			t.Errorf("%s was sent", r)
		}
	}
}

func TestCrawlStops(t *testing.T) {
	s, asked := site(t)
	if _, err := Crawl(t.Context(), s.URL, Options{Max: 5}); err != nil || len(asked()) != 5 {
		t.Errorf("%v, %d requests", err, len(asked()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Crawl(ctx, s.URL, Options{Max: 5}); err == nil || ctx.Err() == nil {
		t.Errorf("%v", err)
	}
	url := s.URL
	s.Close()
	if _, err := Crawl(t.Context(), url, Options{Max: 5}); fault.KindOf(err) != fault.Measure || fault.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "x", "127.0.0.1:3000", "ftp://a/", "http://%zz", "/a"} {
		if _, err := Crawl(t.Context(), bad, Options{}); fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// A server that answers with the nearest page above an address, as php -S does, has relative
// links without end.
func TestCrawlOfRelativeLinksWithoutEnd(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "text/html")
		if strings.HasPrefix(r.URL.Path, "/doc/") {
			_, _ = fmt.Fprint(w, `<a href="setup/">Setup</a> <a href="../doc/use/">Use</a>`)
			return
		}
		_, _ = fmt.Fprint(w, `<a href="/doc/index.html">Manual</a> <a href="/daily">Daily</a>`)
	}))
	defer s.Close()
	f, err := Crawl(t.Context(), s.URL, Options{Max: 50})
	if err != nil {
		t.Fatal(err)
	}
	if asked > 8 {
		t.Errorf("%d requests", asked)
	}
	if text := fmt.Sprint(f.Notes); !strings.Contains(text, "with the text of another") {
		t.Error(text)
	}
}

// An address tells what it does in many spellings.
func TestHarmful(t *testing.T) {
	for text, want := range map[string]bool{
		"/orders/17/delete": true, "/rest/deletePlaylist.view": true, "/api/removeItem": true, "/user/del/17": true, "/user/17/lastfm/unlink": true,
		"/files?action=rm&name=a": true, "/account/logOut": true, "/DELETE": true, "/rest/createUser": true,
		"/deleted-scenes-of-films": false, "/mapa-del-sitio": false, "/orders/modelView": false, "/rest/getPlaylist.view": false, "/farm": false, "/users/create": false, "/settings": false,
	} {
		if harmful(text) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

func TestCrawlOfAnErrorPage(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	if _, err := Crawl(t.Context(), s.URL, Options{}); fault.KindOf(err) != fault.Measure {
		t.Errorf("%v", err)
	}
}

func TestRobots(t *testing.T) {
	text := "User-agent: other\nDisallow: /a\n\nUser-agent: x\nUser-agent: *\nDisallow: /b # c\nDisallow:\nAllow: /b/c\nUser-agent: y\nDisallow: /d\nUser-agent: LeakHunt\nDisallow: /e*f$\n"
	c := &crawl{disallowed: parseRobots(strings.NewReader(text))}
	for path, want := range map[string]bool{"/": true, "/a": true, "/b": false, "/bc": false, "/d": true, "/eXf": false} {
		if c.allowed(path) != want {
			t.Errorf("%s: %v", path, !want)
		}
	}
	for host, want := range map[string]bool{"localhost": true, "127.0.0.2": true, "::1": true, "shop.localhost": true, "10.0.0.1": false, "example.com": false} {
		if loopback(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
}

// Whatever a page holds, its links are on the origin, and each is known once.
func FuzzLinks(f *testing.F) {
	f.Add([]byte(home))
	f.Fuzz(func(t *testing.T, page []byte) {
		origin, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:3000/", nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &crawl{origin: origin.URL, folder: NewFolder(Options{}), texts: map[[32]byte]bool{}, known: map[string]bool{}, patterns: map[string]int{}, words: map[string]int{}}
		if err := c.links(origin.URL, strings.NewReader(string(page))); err != nil {
			return
		}
		seen := map[string]bool{}
		for _, u := range c.waiting {
			if !c.sameOrigin(u) || harmful(u.Path) || seen[u.String()] {
				t.Fatalf("%s", u)
			}
			seen[u.String()] = true
		}
	})
}

func FuzzRobots(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /a\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, rule := range parseRobots(strings.NewReader(text)) {
			if rule == "" || strings.Contains(rule, "\n") {
				t.Fatalf("%q", rule)
			}
		}
	})
}
