package report

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

const (
	zwnj = '\u200c'
	zwj  = '\u200d'
)

// clean makes text from outside harmless on one line. What has no glyph of its own
// (control characters, newlines, marks that turn the direction of text) is written as
// Go would in a string: "\n", "\u202e". Each byte that is no UTF-8 becomes U+FFFD, as
// in the result file. The two joiners stay, since emoji and Persian need them.
func clean(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsGraphic(r) || r == zwj || r == zwnj {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRuneToASCII(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}

// plain is clean text whose width in a terminal is the sum of its characters':
// joiners and variation selectors, which each terminal counts in its own way,
// are left out.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == zwj || r == zwnj || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, clean(s))
}

// width is the number of columns that s takes in a terminal, colours apart.
// Ambiguous characters count as narrow, whatever the locale.
func width(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }

// shorten fits plain text into so many columns, with … for its middle: both
// ends of a URI tell more than its middle does.
func shorten(s string, columns int) string {
	if width(s) <= columns {
		return s
	}
	if columns < 1 {
		return ""
	}
	// Both ends grow in turn, the narrower first, until the room is used up.
	runes := []rune(s)
	head, tail := 0, len(runes)
	var left, right int
	for head < tail {
		i := head
		if left > right {
			i = tail - 1
		}
		w := width(string(runes[i]))
		if left+right+w > columns-1 {
			break
		}
		if i == head && left <= right {
			head, left = head+1, left+w
		} else {
			tail, right = tail-1, right+w
		}
	}
	return string(runes[:head]) + "…" + strings.TrimLeftFunc(string(runes[tail:]), unicode.IsMark)
}

// wrap breaks text into lines of so many columns at its spaces; the first line
// begins with first, the others with rest. A word longer than a line keeps a
// line of its own, so that a path can still be copied.
func wrap(s string, columns int, first, rest string) string {
	var b strings.Builder
	b.WriteString(first)
	used, fresh := width(first), true
	for word := range strings.FieldsSeq(s) {
		switch w := width(word); {
		case fresh:
			used, fresh = used+w, false
		case used+1+w > columns:
			b.WriteString("\n" + rest)
			used = width(rest) + w
		default:
			b.WriteByte(' ')
			used += 1 + w
		}
		b.WriteString(word)
	}
	return b.String()
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
