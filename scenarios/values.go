package scenarios

import (
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
)

// units are the units of sizes, in bytes.
var units = map[string]int64{
	"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1e3, "MB": 1e6, "GB": 1e9,
}

var sizeForm = regexp.MustCompile(`^(\d+(?:\.\d+)?)([A-Za-z]*)$`)

const sizeFix = "write digits and a unit, such as 512B, 64KiB, 2MiB, 1GiB, 500KB, 10MB"

// parseSize reads a size such as "512B", "64KiB", "1.5MB": decimal digits and one
// of units. It returns bytes, from 0 on, or what would be right where s is no size:
// one without a unit, below zero, or of no whole number of bytes.
func parseSize(s string) (n int64, fix string) {
	m := sizeForm.FindStringSubmatch(strings.ReplaceAll(s, " ", ""))
	if m == nil {
		return 0, sizeFix
	}
	unit, ok := units[m[2]]
	switch {
	case m[2] == "":
		return 0, "say the unit: " + s + "B, " + s + "KiB, " + s + "MiB"
	case !ok:
		for u := range units {
			if strings.EqualFold(u, m[2]) || strings.EqualFold(u, m[2]+"iB") {
				return 0, `did you mean "` + m[1] + closestUnit(m[2]) + `"?`
			}
		}
		return 0, sizeFix
	case strings.Contains(s, " "):
		return 0, `write "` + m[1] + m[2] + `", without a space`
	}
	exact, ok := new(big.Rat).SetString(m[1])
	if !ok || len(m[1]) > 40 {
		return 0, sizeFix
	}
	exact.Mul(exact, new(big.Rat).SetInt64(unit))
	if !exact.IsInt() {
		return 0, "a size is a whole number of bytes"
	}
	if !exact.Num().IsInt64() {
		return 0, "at most " + strconv.FormatInt(math.MaxInt64>>30, 10) + "GiB"
	}
	return exact.Num().Int64(), ""
}

// closestUnit spells a unit as it is spelled here; a single letter means the
// binary unit.
func closestUnit(u string) string {
	if len(u) == 1 {
		return strings.ToUpper(u) + "iB"
	}
	for known := range units {
		if strings.EqualFold(known, u) {
			return known
		}
	}
	return u
}

// Methods are the request methods a scenario may name: those of HTTP but for
// CONNECT, and those of WebDAV and its relatives that applications serve.
func Methods() []string {
	return []string{
		"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY",
		"PROPFIND", "PROPPATCH", "MKCOL", "MKCALENDAR", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "ACL", "PURGE",
	}
}

// ParseRequestLine reads "METHOD /path" or "/path", which means GET. Errors
// are Usage faults.
func ParseRequestLine(s string) (method, uri string, err error) {
	method, uri, wrong, fix := parseRequestLine(s)
	if wrong != "" {
		return "", "", fault.Usagef("%q is not a request: %s", s, wrong).WithHint("%s", sentence(fix))
	}
	return method, uri, nil
}

func parseRequestLine(s string) (method, uri, wrong, fix string) {
	s = strings.TrimSpace(s)
	method, uri, found := strings.Cut(s, " ")
	if !found || strings.HasPrefix(s, "/") || strings.Contains(method, ":") {
		method, uri = "GET", s
	}
	uri = strings.TrimSpace(uri)
	if wrong, fix = checkMethod(method); wrong == "" {
		wrong, fix = checkURI(uri)
	}
	return method, uri, wrong, fix
}

func checkMethod(m string) (wrong, fix string) {
	if slices.Contains(Methods(), m) {
		return "", ""
	}
	return "unknown method", didYouMean(m, Methods(), "the methods are")
}

var percent = regexp.MustCompile(`%(?:[0-9A-Fa-f]{2})?`)

var schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// checkURI says what is wrong with a request's URI. Its texts hold no part of
// the URI, which may come from the environment.
func checkURI(uri string) (wrong, fix string) {
	bare := placeholder.ReplaceAllString(uri, "x")
	switch {
	case uri == "":
		return "the URI is empty", `write at least "/"`
	case schemeForm.MatchString(bare):
		return "the URI names a host", "write the path and the query only, from the / on; the host stands in target: once"
	case !strings.HasPrefix(bare, "/"):
		return "the URI does not begin with /", `write "/path"; a method goes before it in a plain list item ("DELETE /cart"), else into method:`
	case strings.ContainsFunc(bare, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "the URI holds a control character", "percent-encode it, such as %0A for a line break"
	case strings.Contains(bare, " "):
		return "the URI holds a space", "write %20 for a space"
	case strings.Contains(bare, "#"):
		return "the URI has a fragment (#…), which is never sent", "leave it out, or write %23 for #"
	case slices.Contains(percent.FindAllString(bare, -1), "%"):
		return "the URI has a % that no two hex digits follow", "write %25 for a percent sign"
	}
	return "", ""
}

// sentence makes a hint of a fix.
func sentence(fix string) string {
	if fix == "" {
		return ""
	}
	s := strings.ToUpper(fix[:1]) + fix[1:]
	if strings.HasSuffix(s, "?") || strings.HasSuffix(s, ":") {
		return s
	}
	return s + "."
}
