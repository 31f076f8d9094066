package secret

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// pattern is a regular expression for every encoding of a value. Encoders
// disagree on which characters need it, so each character may be encoded or
// not, by itself.
func pattern(value string) string {
	var text strings.Builder
	for i, r := range value {
		text.WriteString(character(r, value[i:]))
	}
	raw := []byte(value)
	all := []string{text.String(), "(?i:" + hex.EncodeToString(raw) + ")"}
	for shift := range 3 {
		all = append(all, inBase64(raw, shift))
	}
	return strings.Join(all, "|")
}

// character matches one character of a secret: as it is, percent-encoded
// (RFC 3986), as a JSON, Go or JavaScript escape, as an HTML reference. rest
// begins with it.
func character(r rune, rest string) string {
	size := len(string(r))
	if r == '\uFFFD' && !strings.HasPrefix(rest, "\uFFFD") {
		size = 1 // a byte that is no UTF-8
	}
	var percent, goHex strings.Builder
	for _, b := range []byte(rest[:size]) {
		fmt.Fprintf(&percent, "%%(?:25)?%02x", b) // once or twice
		fmt.Fprintf(&goHex, `\\x%02x`, b)
	}
	alts := []string{regexp.QuoteMeta(rest[:size]), "(?i:" + percent.String() + ")", "(?i:" + goHex.String() + ")"}
	if size == 1 && r == '\uFFFD' {
		alts[0] = "\uFFFD" // how Go and JSON print such a byte
	}
	var unicode strings.Builder
	for _, unit := range utf16.Encode([]rune{r}) {
		fmt.Fprintf(&unicode, `\\u%04x`, unit)
	}
	if r > 0xffff {
		fmt.Fprintf(&unicode, `|\\U%08x`, r)
	}
	alts = append(alts, "(?i:"+unicode.String()+")", fmt.Sprintf(`(?i:&#(?:0*%d|x0*%x);)`, r, r))
	alts = append(alts, shortEscapes(r)...)
	return "(?:" + strings.Join(alts, "|") + ")"
}

// shortEscapes are the encodings of r that have a name of their own.
func shortEscapes(r rune) []string {
	switch r {
	case ' ':
		return []string{`\+`}
	case '"':
		return []string{`\\"`, `&quot;`}
	case '\'':
		return []string{`\\'`, `&apos;`}
	case '&':
		return []string{`&amp;`}
	case '<':
		return []string{`&lt;`}
	case '>':
		return []string{`&gt;`}
	case '/':
		return []string{`\\/`}
	case '\\':
		return []string{`\\\\`}
	case '\n':
		return []string{`\\n`}
	case '\r':
		return []string{`\\r`}
	case '\t':
		return []string{`\\t`}
	case '\b':
		return []string{`\\b`}
	case '\f':
		return []string{`\\f`}
	case '\v':
		return []string{`\\v`}
	case '\a':
		return []string{`\\a`}
	}
	return nil
}

// inBase64 matches the value within base64 text where its first byte stands
// shift bytes into a group of three. The characters that it shares with its
// neighbours go with it.
func inBase64(value []byte, shift int) string {
	code := base64.StdEncoding.EncodeToString(append(make([]byte, shift), value...))
	first := (8*shift + 5) / 6          // characters that only depend on what stands before, and a shared one
	end := 8 * (shift + len(value)) / 6 // the first that also depends on what follows
	var re strings.Builder
	if shift > 0 {
		re.WriteString(anyBase64 + "?")
	}
	for _, c := range code[first:end] {
		switch c {
		case '+':
			re.WriteString(`(?:[+-]|%2[Bb])`)
		case '/':
			re.WriteString(`(?:[/_]|%2[Ff])`)
		default:
			re.WriteRune(c)
		}
	}
	if 8*(shift+len(value))%6 != 0 {
		re.WriteString(anyBase64 + "?")
	}
	return re.String() + `(?:=|%3[Dd]){0,2}`
}

const anyBase64 = `(?:[A-Za-z0-9+/_-]|%2[BbFf])`
