// Package capture takes one value out of an answer: a CSRF token out of a
// page, an id out of JSON, a cookie. It is pure.
package capture

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"leakhunt/harness/bounded"
	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// Take returns the value that c names. Where there is none, the error is a
// measure fault that says what the answer held instead. The value itself may
// be a secret and stands in no error.
func Take(c scenarios.Capture, header http.Header, body []byte) (string, error) {
	v, err := take(c, header, body)
	if err != nil {
		return "", fault.Measuref("capture %q found nothing: %v", c.As, err).
			WithHint("%s", Instead(header, body))
	}
	return v, nil
}

func take(c scenarios.Capture, header http.Header, body []byte) (string, error) {
	switch {
	case c.Selector != "":
		return bySelector(c.Selector, c.Attr, body)
	case c.JSON != "":
		return byPath(c.JSON, body)
	case c.Regexp != "":
		return byRegexp(c.Regexp, body)
	case c.Header != "":
		if v := header.Get(c.Header); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("the answer has no header %s", c.Header)
	default:
		var names []string
		for _, k := range (&http.Response{Header: header}).Cookies() {
			if k.Name == c.Cookie {
				return k.Value, nil
			}
			names = append(names, k.Name)
		}
		if len(names) > 0 {
			return "", fmt.Errorf("the answer sets no cookie %s; it sets: %s", c.Cookie, strings.Join(names, ", "))
		}
		return "", fmt.Errorf("the answer sets no cookie %s", c.Cookie)
	}
}

// maxPage bounds what of a page is parsed, and maxJSON a value of JSON, in bytes: a
// page takes seventy times as much in memory, JSON twenty times.
const (
	maxPage = 512 << 10
	maxJSON = 1 << 20
)

func bySelector(selector, attr string, body []byte) (string, error) {
	doc, err := document(body)
	if err != nil {
		return "", err
	}
	found := doc.Find(selector).First()
	if found.Length() == 0 {
		if len(body) > maxPage {
			return "", fmt.Errorf("no element matches %s in the first %d KiB, of %d; a regexp looks through all of it", selector, maxPage>>10, len(body)>>10)
		}
		return "", fmt.Errorf("no element matches %s", selector)
	}
	if attr == "" {
		return strings.TrimSpace(found.Text()), nil
	}
	v, ok := found.Attr(attr)
	if !ok {
		return "", fmt.Errorf("the element that matches %s has no attribute %s", selector, attr)
	}
	return v, nil
}

// document parses the beginning of a page.
func document(body []byte) (*goquery.Document, error) {
	return goquery.NewDocumentFromReader(bytes.NewReader(body[:min(len(body), maxPage)]))
}

// byPath follows a dotted path through JSON: a.b.0.c.
func byPath(path string, body []byte) (string, error) {
	if err := bounded.Check(body, maxJSON, "the answer"); err != nil {
		return "", err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // an id of 20 digits stays what it is
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", fmt.Errorf("the answer is no JSON: %w", err)
	}
	for _, key := range strings.Split(strings.TrimPrefix(path, "$."), ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[key]
			if !ok {
				return "", fmt.Errorf("%s: there is no key %q; there are: %s", path, key, strings.Join(slices.Sorted(maps.Keys(at)), ", "))
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(at) {
				return "", fmt.Errorf("%s: no element %q in a list of %d", path, key, len(at))
			}
			v = at[i]
		default:
			return "", fmt.Errorf("%s: nothing lies under %q", path, key)
		}
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	default:
		return "", fmt.Errorf("%s is no single value", path)
	}
}

func byRegexp(expr string, body []byte) (string, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return "", err
	}
	m := re.FindSubmatch(body)
	switch {
	case m == nil:
		return "", fmt.Errorf("nothing matches %s", expr)
	case len(m) > 1:
		return string(m[1]), nil
	default:
		return string(m[0]), nil
	}
}

// Instead says what an answer held: its title and the beginning of its text,
// or its type and size where it is no page.
func Instead(header http.Header, body []byte) string {
	const excerpt = 160
	kind := header.Get("Content-Type")
	if to := header.Get("Location"); to != "" {
		return fmt.Sprintf("The answer redirects to %s: send that URI in a step of its own.", to)
	}
	if !strings.Contains(kind, "html") {
		return fmt.Sprintf("The answer held %d bytes of %s.", len(body), cmp.Or(kind, "no type"))
	}
	doc, err := document(body)
	if err != nil {
		return fmt.Sprintf("The page of %d bytes is no HTML.", len(body))
	}
	doc.Find("script,style").Remove()
	text := []rune(strings.Join(strings.Fields(doc.Find("body").Text()), " "))
	if len(text) > excerpt {
		text = append(text[:excerpt], '…')
	}
	title := "had no title"
	if t := strings.TrimSpace(doc.Find("title").First().Text()); t != "" {
		title = fmt.Sprintf("was titled %q", t)
	}
	return fmt.Sprintf("The page %s and began: %s", title, string(text))
}
