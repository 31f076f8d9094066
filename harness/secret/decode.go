package secret

import (
	"html"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape is an encoding of single characters. What it does not encode stands for
// itself, so it does not matter which characters an encoder takes for special ones.
type escape struct {
	begin byte // the first byte of each escape
	plus  bool // + stands for a space
	// read decodes the escape that p begins with: what it stands for, and how many
	// bytes of p it takes, 0 where it is none. more says that it cannot be told yet;
	// it is not said of the last bytes of a text.
	read func(p []byte, last bool) (value []byte, size int, more bool)
}

// The encodings that are undone, each by itself and one within another.
var (
	percent   = &escape{begin: '%', read: readPercent}
	query     = &escape{begin: '%', read: readPercent, plus: true}
	backslash = &escape{begin: '\\', read: func(p []byte, last bool) ([]byte, int, bool) { return readBackslash(p, last, false) }}
	latin     = &escape{begin: '\\', read: func(p []byte, last bool) ([]byte, int, bool) { return readBackslash(p, last, true) }}
	reference = &escape{begin: '&', read: readReference}
)

// readPercent reads %41 (RFC 3986, section 2.1).
func readPercent(p []byte, last bool) ([]byte, int, bool) {
	n, digits := hexadecimal(p[1:], 2)
	switch {
	case digits == 2:
		return []byte{byte(n)}, 3, false
	case digits == len(p)-1 && !last:
		return nil, 0, true
	}
	return nil, 0, false
}

// named are the escapes of one letter, of JSON, JavaScript, Go, Ruby, Python and PHP.
var named = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f', 'v': '\v', 'a': '\a', 'e': 0x1b}

// readBackslash reads what JSON, JavaScript, Go, and the inspect of Ruby and repr of
// Python write for a character. wide says that \xe4 is a character, as in Python and
// JavaScript, and not a byte.
func readBackslash(p []byte, last, wide bool) ([]byte, int, bool) {
	if len(p) == 1 {
		return nil, 0, !last
	}
	switch c := p[1]; {
	case c == 'x':
		n, digits := hexadecimal(p[2:], 2)
		switch {
		case digits == 2 && wide:
			return []byte(string(rune(n))), 4, false
		case digits == 2:
			return []byte{byte(n)}, 4, false
		}
		return nil, 0, digits == len(p)-2 && !last
	case c == 'u' && len(p) > 2 && p[2] == '{': // Ruby, JavaScript
		n, digits := hexadecimal(p[3:], 8)
		if digits > 0 && len(p) > 3+digits && p[3+digits] == '}' {
			return []byte(string(rune(n))), 4 + digits, false
		}
		return nil, 0, digits == len(p)-3 && digits < 8 && !last
	case c == 'u':
		return readUnit(p, last)
	case c == 'U':
		n, digits := hexadecimal(p[2:], 8)
		if digits == 8 {
			return []byte(string(rune(n))), 10, false
		}
		return nil, 0, digits == len(p)-2 && !last
	case '0' <= c && c <= '7':
		n, digits := 0, 0
		for digits < min(3, len(p)-1) && '0' <= p[1+digits] && p[1+digits] <= '7' {
			n, digits = 8*n+int(p[1+digits]-'0'), digits+1
		}
		if digits < 3 && digits == len(p)-1 && !last {
			return nil, 0, true
		}
		return []byte{byte(n)}, 1 + digits, false
	case named[c] != 0:
		return []byte{named[c]}, 2, false
	case c >= ' ' && c < 0x7f && !letterOrDigit(c):
		return []byte{c}, 2, false
	}
	return nil, 0, false
}

// readUnit reads the UTF-16 unit \u00e4, or a pair of them that is one character.
func readUnit(p []byte, last bool) ([]byte, int, bool) {
	n, digits := hexadecimal(p[2:], 4)
	if digits < 4 {
		return nil, 0, digits == len(p)-2 && !last
	}
	r := rune(n)
	if !utf16.IsSurrogate(r) {
		return []byte(string(r)), 6, false
	}
	next := p[6:]
	if len(next) < 6 && !last && pairMay(next) {
		return nil, 0, true
	}
	if len(next) >= 6 && next[0] == '\\' && next[1] == 'u' {
		if low, digits := hexadecimal(next[2:], 4); digits == 4 {
			if pair := utf16.DecodeRune(r, rune(low)); pair != utf8.RuneError {
				return []byte(string(pair)), 12, false
			}
		}
	}
	return []byte(string(utf8.RuneError)), 6, false
}

// pairMay says that what is there of the second unit of a pair may become one.
func pairMay(p []byte) bool {
	for i, c := range []byte(`\u`) {
		if i < len(p) && p[i] != c {
			return false
		}
	}
	_, digits := hexadecimal(p[min(2, len(p)):], 4)
	return digits == max(0, len(p)-2)
}

// readReference reads an HTML reference: &amp; &#38; &#x26;.
func readReference(p []byte, last bool) ([]byte, int, bool) {
	const most = 16
	for i, c := range p[1:min(len(p), most)] {
		switch {
		case c == ';':
			text := string(p[:i+2])
			value := html.UnescapeString(text)
			if value == text || strings.HasSuffix(value, ";") && value != ";" {
				return nil, 0, false
			}
			return []byte(value), len(text), false
		case !letterOrDigit(c) && (c != '#' || i > 0):
			return nil, 0, false
		}
	}
	return nil, 0, len(p) < most && !last
}

func letterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// hexadecimal reads at most so many digits.
func hexadecimal(p []byte, most int) (n, digits int) {
	for digits < min(most, len(p)) {
		d := strings.IndexByte("0123456789abcdef", p[digits]|0x20)
		if d < 0 || p[digits] < '0' {
			break
		}
		n, digits = n<<4|d, digits+1
	}
	return n, digits
}
