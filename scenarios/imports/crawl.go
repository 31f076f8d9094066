package imports

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"

	"leakhunt/harness/fault"
)

// The bounds of a crawl.
const (
	perPattern = 10               // pages of one route
	perFolder  = 50               // words beside each other
	maxPage    = 1 << 20          // bytes of a page that are read
	mostLinks  = 5_000            // links of a page that are looked at
	pageTime   = 20 * time.Second // for one answer
	crawlTime  = 5 * time.Minute  // for all of them
	maxWaiting = 10_000           // links that are known and not asked for yet
)

// Crawl asks for a page, and for those it leads to on the same origin, with GET
// alone. It ends when Options.Max answers have come or nothing new is left. What logs
// out, deletes or sends is left alone. robots.txt is obeyed but on loopback. An
// error is a Measure or a Usage fault, or ctx's.
func Crawl(ctx context.Context, start string, o Options) (*Found, error) {
	u, err := url.Parse(start)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.Usagef("this is no URL to begin at").WithHint("Give it whole, such as http://127.0.0.1:3000/.")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Fragment, u.User = "", nil
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &crawl{
		origin: u, folder: NewFolder(Options{Max: o.Max}), known: map[string]bool{}, patterns: map[string]int{}, words: map[string]int{},
		texts:  map[[sha256.Size]byte]bool{},
		client: &http.Client{Jar: jar, Timeout: pageTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	defer c.client.CloseIdleConnections()
	if !loopback(u.Hostname()) {
		c.readRobots(ctx)
	}
	c.offer(u)
	most := o.Max
	if most <= 0 {
		most = 200
	}
	begun := time.Now()
	for asked := 0; asked < most && len(c.waiting) > 0 && time.Since(begun) < crawlTime; asked++ {
		next := c.waiting[0]
		c.waiting = c.waiting[1:]
		if err := c.page(ctx, next); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if asked == 0 {
				return nil, fault.Measuref("nothing answers at %s", u.Redacted()).Because(reasonOf(err)).
					WithHint("Start the application first; is the address right?")
			}
			c.failed++
		}
	}
	f := c.folder.Found("a crawl of " + u.Scheme + "://" + u.Host)
	for i := range f.Routes {
		f.Routes[i].Count = 0 // how many links lead there says nothing of how often it is asked for
	}
	f.note(c.leftAlone, "link", "that may log out, delete or send something")
	f.note(c.alike, "link", fmt.Sprintf("to more pages of a route than %d", perPattern))
	f.note(c.refused, "link", "that robots.txt asks to leave")
	f.note(c.failed, "page", "that did not answer")
	f.note(c.repeated, "page", "with the text of another, whose links were not followed again")
	f.note(c.unread, "page", "whose links could not be read")
	f.note(int64(len(c.waiting)), "link", fmt.Sprintf("not followed any more (--max %d, at most %v)", most, crawlTime))
	if len(f.Routes) == 0 {
		return nil, fault.Measuref("no page at %s answers 2xx or 3xx", u.Redacted()).WithHint("Open it in a browser: does it need a login?")
	}
	return f, nil
}

// crawl is one crawl.
type crawl struct {
	origin                                    *url.URL
	client                                    *http.Client
	folder                                    *Folder
	waiting                                   []*url.URL
	known                                     map[string]bool // targets, also those that were not taken
	patterns, words                           map[string]int
	disallowed                                []string
	texts                                     map[[sha256.Size]byte]bool // of the pages whose links were taken up
	leftAlone, alike, refused, failed, unread int64
	repeated                                  int64 // pages with a text that another has too
}

// page asks for one page and takes up its links.
func (c *crawl) page(ctx context.Context, u *url.URL) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "text/html,application/xhtml+xml")
	req.Header.Set("User-Agent", "leakhunt")
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	c.folder.Add([]byte("GET"), []byte(u.RequestURI()), resp.StatusCode)
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode/100 == 3 {
		if next, err := u.Parse(to); err == nil && !harmful(next.Path+" "+next.RawQuery) {
			c.offer(next)
		}
		return nil
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode/100 != 2 || kind != "text/html" && kind != "application/xhtml+xml" {
		return nil
	}
	return c.links(u, io.LimitReader(resp.Body, maxPage))
}

// links takes up the links of a page.
func (c *crawl) links(page *url.URL, body io.Reader) error {
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(text))
	if err != nil {
		c.unread++ // it was answered: elements stand in each other too deep, for one
		return nil
	}
	base := page
	if href, ok := doc.Find("base[href]").First().Attr("href"); ok {
		if b, err := page.Parse(href); err == nil {
			base = b
		}
	}
	links := doc.Find("a[href], area[href], iframe[src], frame[src], form")
	// Some servers answer with one page at whatever address is below it. Its relative links
	// lead to more and more of those then, and never to another page.
	sum := sha256.Sum256(text)
	if links.Length() > 0 && c.texts[sum] {
		c.repeated++
		return nil
	}
	c.texts[sum] = true
	links.Slice(0, min(links.Length(), mostLinks)).Each(func(_ int, s *goquery.Selection) {
		if goquery.NodeName(s) == "form" {
			method := strings.ToLower(s.AttrOr("method", "get"))
			if method != "get" || harmful(s.Text()) {
				c.leftAlone++
				return
			}
		}
		to := s.AttrOr("href", s.AttrOr("src", s.AttrOr("action", "")))
		u, err := base.Parse(strings.TrimSpace(to))
		if err != nil || !c.sameOrigin(u) {
			return
		}
		if goquery.NodeName(s) != "form" && c.knows(u) { // half of the time went to its words
			return
		}
		if changes(s) || harmful(u.Path+" "+u.RawQuery) {
			c.leftAlone++
			return
		}
		if goquery.NodeName(s) == "form" {
			u.RawQuery = formQuery(s)
		}
		c.offer(u)
	})
	return nil
}

// formQuery is what a form sends when nobody fills it in: without its secrets.
func formQuery(form *goquery.Selection) string {
	q := url.Values{}
	form.Find("input[name], select[name]").Each(func(_ int, s *goquery.Selection) {
		name := s.AttrOr("name", "")
		value := s.AttrOr("value", "")
		if goquery.NodeName(s) == "select" {
			option := s.Find("option[selected]").First()
			if option.Length() == 0 {
				option = s.Find("option").First()
			}
			value = option.AttrOr("value", option.Text())
		}
		_, checked := s.Attr("checked")
		switch strings.ToLower(s.AttrOr("type", "text")) {
		case "submit", "button", "reset", "image", "file", "password":
			return
		case "checkbox", "radio":
			if !checked {
				return
			}
		}
		if !secretName(name) {
			q.Add(name, value)
		}
	})
	return q.Encode()
}

func (c *crawl) sameOrigin(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, c.origin.Scheme) && strings.EqualFold(u.Host, c.origin.Host)
}

// knows is whether a link to that address was taken up, or left for its route.
func (c *crawl) knows(u *url.URL) bool {
	target, ok := clean(nil, []byte(u.RequestURI()))
	return ok && c.known[string(target)]
}

// offer takes up an address, where it is new and its route is not known well
// enough: a calendar has no last page.
func (c *crawl) offer(u *url.URL) {
	if !c.sameOrigin(u) {
		return
	}
	u.Fragment, u.User = "", nil
	target, ok := clean(nil, []byte(u.RequestURI()))
	path, query, _ := strings.Cut(string(target), "?")
	switch {
	case !ok || c.known[string(target)] || isAsset([]byte(path)) || len(c.known) > 10*maxWaiting:
		return
	case len(c.waiting) >= maxWaiting:
		c.alike++
		return
	}
	c.known[string(target)] = true
	if !c.allowed(path) {
		c.refused++
		return
	}
	folder, _ := pattern(path[:strings.LastIndexByte(path, '/')+1], "")
	whole, varies := pattern(path, query)
	if varies {
		c.patterns[whole]++
		if c.patterns[whole] > perPattern {
			c.alike++
			return
		}
	} else if c.words[folder]++; c.words[folder] > perFolder && folder != "/" {
		c.alike++
		return
	}
	c.waiting = append(c.waiting, u)
}

// pattern is the route of a path by the shape of its segments, and the names in
// its query. varies is whether any of it has values.
func pattern(path, query string) (whole string, varies bool) {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		stem, ending := split([]byte(s))
		if isValue(stem) {
			segments[i] = variable + string(ending)
			varies = true
		}
	}
	whole = strings.Join(segments, "/")
	for _, p := range pairs(query) {
		if !isTracking(p.name) {
			whole += "?" + p.name
			varies = true
		}
	}
	return whole, varies
}

// loopback is whether a host is this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") || strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// reasonOf is an error of a request without its URL, which is said already.
func reasonOf(err error) error {
	var u *url.Error
	var n net.Error
	if errors.As(err, &u) {
		if errors.As(u.Err, &n) && n.Timeout() {
			return errors.New("no answer in time")
		}
		return u.Err
	}
	return err
}
