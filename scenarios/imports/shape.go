package imports

import (
	"bytes"
	"slices"
	"strings"
)

// split takes the ending off a segment: "17.json" is "17" and ".json".
func split(segment []byte) (stem, ending []byte) {
	dot := bytes.LastIndexByte(segment, '.')
	if dot < 1 || len(segment)-dot > 6 || len(segment)-dot < 3 {
		return segment, nil
	}
	for _, c := range segment[dot+1:] {
		if c < 'a' || c > 'z' {
			return segment, nil
		}
	}
	return segment[:dot], segment[dot:]
}

// isValue is whether a segment, or the value of a parameter, is by its shape one
// of many: a number, a date, a UUID, a digest, a token. Words are not, nor are
// words with a digit or two: v1, oauth2, mp3, base64.
func isValue(s []byte) bool {
	if len(s) == 0 {
		return false
	}
	var digits, run, longest, lower, upper, hex, others int
	for _, c := range s {
		if c >= '0' && c <= '9' {
			digits++
			run++
			longest = max(longest, run)
			hex++
			continue
		}
		run = 0
		switch {
		case c >= 'a' && c <= 'z':
			lower++
			if c <= 'f' {
				hex++
			}
		case c >= 'A' && c <= 'Z':
			upper++
			if c <= 'F' {
				hex++
			}
		case c == '-' || c == '_' || c == '~' || c == '=':
			hex++
		default:
			others++
		}
	}
	switch {
	case digits == len(s), longest >= 3:
		return true
	case len(s) >= 8 && hex == len(s) && digits > 0 && lower+upper > 0:
		return true // a digest, a UUID
	case len(s) >= 16 && digits > 0 && lower > 0 && upper > 0 && others == 0:
		return true // a token in base 64
	}
	return len(s) >= 40 && bytes.IndexByte(s, '-') < 0
}

// isSlug is whether a segment looks like the name of one of many things.
func isSlug(s string) bool {
	return len(s) >= 14 || strings.Count(s, "-") >= 2 || strings.ContainsAny(s, "%@+") || isValue([]byte(s))
}

// actions are segments that name what is done, or a page, beside the things of a
// collection: /posts/new.
var actions = strings.Fields(`new edit search index list recent popular latest top trending feed all me current self archive
	archives login logout signin signout signup register settings profile preview export import stats count batch bulk
	autocomplete suggest count history live draft drafts`)

func isAction(s string) bool { return slices.Contains(actions, strings.ToLower(s)) }

// isCollection is whether a segment names many things of a kind: their names
// follow it.
func isCollection(s string) bool {
	return len(s) >= 4 && strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss") ||
		slices.Contains(strings.Fields("blog user tag category author wiki news topic product people u p t c"), s)
}
