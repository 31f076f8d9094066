package load

import (
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What a jar keeps at most, as RFC 6265, section 6.1, asks for and browsers do. A
// bigger cookie is ignored. Where there is no room, the one that was set longest ago
// is dropped, of those that came after a login.
const (
	mostCookies     = 50      // for each host
	mostCookieBytes = 4 << 10 // name, value and attributes
	mostHosts       = 64
)

// jar is a cookie jar of bounded size.
type jar struct {
	kept *cookiejar.Jar
	set  []cookie // in the order in which they were set last
}

// cookie is the name of one in the jar: what is set again under it takes its place.
type cookie struct {
	host, domain, path, name string
	ends                     time.Time // zero: with the jar
	first                    bool      // of those that go last: see keep
}

func newJar() *jar {
	kept, _ := cookiejar.New(nil) // never fails
	return &jar{kept: kept}
}

// cookies are those that a request to u sends.
func (j *jar) cookies(u *url.URL) []*http.Cookie { return j.kept.Cookies(u) }

// take takes over what an answer from u sets.
func (j *jar) take(u *url.URL, set []*http.Cookie) {
	now := time.Now()
	for _, k := range set {
		if len(k.Raw) > mostCookieBytes || len(k.Name)+len(k.Value) > mostCookieBytes || !mayset(u.Hostname(), k.Domain) {
			continue
		}
		j.kept.SetCookies(u, []*http.Cookie{k})
		c := cookie{host: strings.ToLower(u.Hostname()), domain: strings.ToLower(k.Domain), path: cookiePath(u, k), name: k.Name, ends: k.Expires}
		if k.MaxAge > 0 {
			c.ends = now.Add(time.Duration(min(k.MaxAge, 1<<30)) * time.Second)
		}
		j.set = slices.DeleteFunc(j.set, func(o cookie) bool {
			same := o.host == c.host && o.domain == c.domain && o.path == c.path && o.name == c.name
			c.first = c.first || same && o.first
			return same
		})
		if k.MaxAge >= 0 && (c.ends.IsZero() || c.ends.After(now)) {
			j.set = append(j.set, c)
			j.bound(c.host, now)
		}
	}
}

// bound drops what is too much: what has expired first, then what is oldest.
func (j *jar) bound(host string, now time.Time) {
	if j.count(host) <= mostCookies && len(j.set) <= mostHosts*mostCookies {
		return
	}
	j.set = slices.DeleteFunc(j.set, func(c cookie) bool { return !c.ends.IsZero() && !c.ends.After(now) })
	for j.count(host) > mostCookies {
		j.drop(j.oldest(func(c *cookie) bool { return c.host == host }))
	}
	for len(j.set) > mostHosts*mostCookies {
		j.drop(j.oldest(func(*cookie) bool { return true }))
	}
}

// keep has the cookies that are there now dropped last: they are of a login.
func (j *jar) keep() {
	for i := range j.set {
		j.set[i].first = true
	}
}

// oldest is the cookie of those that goes first.
func (j *jar) oldest(of func(*cookie) bool) int {
	at := -1
	for i := range j.set {
		switch c := &j.set[i]; {
		case !of(c):
		case !c.first:
			return i
		case at < 0:
			at = i
		}
	}
	return at
}

func (j *jar) count(host string) (n int) {
	for i := range j.set {
		if j.set[i].host == host {
			n++
		}
	}
	return n
}

func (j *jar) drop(i int) {
	c := j.set[i]
	j.set = slices.Delete(j.set, i, i+1)
	for _, scheme := range []string{"http", "https"} {
		j.kept.SetCookies(&url.URL{Scheme: scheme, Host: c.host, Path: c.path},
			[]*http.Cookie{{Name: c.name, Domain: c.domain, Path: c.path, MaxAge: -1}})
	}
}

// mayset says that host may set a cookie for domain (RFC 6265, section 5.3, step 6).
func mayset(host, domain string) bool {
	host, domain = strings.ToLower(host), strings.ToLower(strings.TrimPrefix(domain, "."))
	return domain == "" || host == domain || strings.HasSuffix(host, "."+domain) && net.ParseIP(host) == nil
}

// cookiePath is the path that a cookie is for (RFC 6265, section 5.1.4).
func cookiePath(u *url.URL, k *http.Cookie) string {
	if strings.HasPrefix(k.Path, "/") {
		return k.Path
	}
	if i := strings.LastIndexByte(u.Path, '/'); i > 0 {
		return u.Path[:i]
	}
	return "/"
}
