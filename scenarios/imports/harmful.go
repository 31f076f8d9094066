package imports

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// harmfulWords are those of what changes something, in an address or in what a
// link or a button says. What they leave out needlessly is named.
var harmfulWords = regexp.MustCompile(`(?i)(^|[^a-z])((log|sign)[-_ ]?(out|off)|delete|destroy|remove|drop|purge|erase|wipe|trash|discard|unlink|uninstall|` +
	`unsubscribe|cancel|deactivate|disable|revoke|reset|flush|terminate|kill|restart|shutdown|reboot|` +
	`approve|reject|ban|unpublish|vote|upvote|downvote|unlike|unfollow|buy|pay|` +
	`abmelden|löschen|entfernen|supprimer|déconnexion|eliminar|cerrar)($|[^a-z])`)

// terse are words of addresses that mean something else in a sentence: they stand by themselves.
var terse = regexp.MustCompile(`(?i)(^|[/=])(del|rm)($|[/?&])`)

// call is a method's name that says what it does, as in /rest/createUser: /users/create is
// mostly a form.
var call = regexp.MustCompile(`(^|/)(create|update|change|add|set|save|insert|send|upload|start|stop)[A-Z]`)

// hump is where a word begins in deletePlaylist.
var hump = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func harmful(text string) bool {
	return harmfulWords.MatchString(hump.ReplaceAllString(text, "$1 $2")) || terse.MatchString(text) || call.MatchString(text)
}

// changes is whether a link says of itself that it changes something: by its
// words, or by the method that a script gives it (Rails' UJS, Turbo, htmx).
func changes(link *goquery.Selection) bool {
	for _, name := range []string{"data-method", "data-turbo-method"} {
		if m := link.AttrOr(name, "get"); !strings.EqualFold(m, "get") {
			return true
		}
	}
	for _, name := range []string{"hx-post", "hx-put", "hx-patch", "hx-delete", "data-confirm", "data-turbo-confirm", "download"} {
		if _, ok := link.Attr(name); ok {
			return true
		}
	}
	if goquery.NodeName(link) == "form" {
		return false // its text was looked at
	}
	const most = 40 // a headline may speak of anything
	text := strings.TrimSpace(link.Text())
	return len(text) <= most && harmful(text) || harmful(link.AttrOr("title", "")) || harmful(link.AttrOr("aria-label", ""))
}

// readRobots reads what robots.txt asks of all clients. Without one, all is
// allowed. https://www.rfc-editor.org/rfc/rfc9309
func (c *crawl) readRobots(ctx context.Context) {
	u := *c.origin
	u.Path, u.RawQuery = "/robots.txt", ""
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		const large = 500 << 10
		c.disallowed = parseRobots(io.LimitReader(resp.Body, large))
	}
}

// parseRobots are the paths that a robots.txt disallows to all, or to leakhunt.
func parseRobots(r io.Reader) []string {
	var out []string
	in := bufio.NewScanner(r)
	ours, rules := false, false
	for in.Scan() {
		line, _, _ := strings.Cut(in.Text(), "#")
		name, value, found := strings.Cut(line, ":")
		if !found {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "user-agent":
			if rules { // a new group
				ours, rules = false, false
			}
			ours = ours || value == "*" || strings.EqualFold(value, "leakhunt")
		case "disallow":
			rules = true
			if ours && value != "" {
				out = append(out, value)
			}
		case "allow":
			rules = true
		}
	}
	return out
}

// allowed is whether robots.txt lets a path be asked for. A rule with * counts up
// to its first: rather too much is left.
func (c *crawl) allowed(path string) bool {
	for _, rule := range c.disallowed {
		prefix, _, _ := strings.Cut(strings.TrimSuffix(rule, "$"), "*")
		if strings.HasPrefix(path, prefix) {
			return false
		}
	}
	return true
}
