package load

import (
	"net/http"
	"net/url"
	"strings"
)

// sendCookies adds the jar's cookies to the request. They join a Cookie header
// of the scenario, since there may be one only (RFC 6265, section 5.4).
func (c *Client) sendCookies(t *Template) {
	if t.fresh || !c.filled {
		return
	}
	var line strings.Builder
	for _, k := range c.jar.cookies(c.cookieURL()) {
		if line.Len() > 0 {
			line.WriteString("; ")
		}
		line.WriteString(k.Name + "=" + k.Value)
	}
	if line.Len() == 0 {
		return
	}
	for i := range c.req.Header {
		if f := &c.req.Header[i]; strings.EqualFold(f.Name, "Cookie") {
			f.Value += "; " + line.String()
			return
		}
	}
	c.req.Header = append(c.req.Header, Field{"Cookie", line.String()})
}

// keepCookies takes over what the server set. A fresh request leaves no trace
// in the jar, or the next one would send its session instead of the own.
func (c *Client) keepCookies(t *Template, resp *http.Response) {
	if t.fresh || c.jar == nil || len(resp.Header["Set-Cookie"]) == 0 {
		return
	}
	c.jar.take(c.cookieURL(), resp.Cookies())
	c.filled = true
}

// Keep has the cookies that are there now dropped last, whatever comes: without those of
// its login, a visitor would be somebody else.
func (c *Client) Keep() {
	if c.jar != nil {
		c.jar.keep()
	}
}

// Visits says that the server has set a cookie that later requests send.
func (c *Client) Visits() bool { return c.filled }

// cookieURL is the address cookies belong to: https also where only a proxy
// that we stand in for would speak TLS, or Secure cookies would be lost.
func (c *Client) cookieURL() *url.URL {
	u := &url.URL{Scheme: "http", Host: c.req.Host}
	if c.ep.TLS {
		u.Scheme = "https"
	}
	for _, f := range c.req.Header {
		if strings.EqualFold(f.Name, "X-Forwarded-Proto") && strings.EqualFold(f.Value, "https") {
			u.Scheme = "https"
		}
	}
	if u.Host == "" {
		u.Host = "localhost"
	}
	path, _, _ := strings.Cut(c.req.URI, "?")
	u.Path = path
	return u
}
