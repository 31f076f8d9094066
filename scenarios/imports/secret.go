package imports

import (
	"slices"
	"strings"
	"unicode"
)

// secretWords are the words of a name that holds a secret: session, not sessions
// of a conference. secretParts are found inside a word, too.
var (
	secretWords = strings.Fields(`auth authorization session sess sid sig signature code state nonce otp pin pass pwd
		jwt ticket key assertion saml cookie bearer hmac`)
	secretParts = strings.Fields(`token secret passw passphrase apikey accesskey privatekey sessionid sessid csrf xsrf
		credential signature samlresponse`)
)

// secretName is whether the value of this parameter, field, header or cookie is to
// be taken for a secret. Rather one too many: a placeholder stands for it then.
func secretName(name string) bool {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	lower := false
	for _, r := range name {
		if unicode.IsUpper(r) && lower || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			end()
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			word.WriteRune(unicode.ToLower(r))
		}
		lower = unicode.IsLower(r)
	}
	end()
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(secretWords, w) }) {
		return true
	}
	joined := strings.Join(words, "")
	return slices.ContainsFunc(secretParts, func(p string) bool { return strings.Contains(joined, p) })
}

// secretValue is whether a value is a secret whatever its name: a signed token.
func secretValue(v string) bool {
	if strings.HasPrefix(v, "eyJ") && strings.Count(v, ".") >= 2 {
		return true
	}
	scheme, _, found := strings.Cut(v, " ")
	return found && (strings.EqualFold(scheme, "bearer") || strings.EqualFold(scheme, "basic"))
}

// secretPlaces are the segments of a path after which a secret stands.
var secretPlaces = strings.Fields(`reset reset_password reset-password password confirm confirmation confirmations invite
	invitation invitations accept unlock verify verification activate activation magic magic_link magic-link token tokens
	session sessions share shared unsubscribe`)

// isSecretPlace is whether a value after this segment is a secret. Numbers are
// not: they count things.
func isSecretPlace(segment, value string) bool {
	return len(value) >= 8 && strings.ContainsFunc(value, unicode.IsLetter) &&
		slices.Contains(secretPlaces, strings.ToLower(segment))
}

// isTracking is whether a query parameter is there for who counts visits, or to
// get around a cache. The application does not look at it.
func isTracking(name string) bool {
	return strings.HasPrefix(name, "utm_") || slices.Contains([]string{"gclid", "fbclid", "msclkid", "dclid", "mc_cid", "mc_eid", "_", "_ga", "_gl"}, name)
}

// identifier makes the name of a placeholder or column of any text.
func identifier(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "_") {
			b.WriteByte('_')
		}
		for _, r := range part {
			switch {
			case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
				b.WriteRune(unicode.ToLower(r))
			case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
				b.WriteByte('_')
			}
		}
	}
	name := strings.Trim(b.String(), "_")
	if len(name) > 40 {
		name = strings.TrimRight(name[:40], "_")
	}
	switch {
	case name == "" || name == "n":
		return "value"
	case name[0] >= '0' && name[0] <= '9':
		return "v" + name
	}
	return name
}

// singular is the English singular of a segment, near enough for a name.
func singular(s string) string {
	switch {
	case len(s) < 4, strings.HasSuffix(s, "ss"), strings.HasSuffix(s, "us"), strings.HasSuffix(s, "is"), strings.HasSuffix(s, "news"):
		return s
	case strings.HasSuffix(s, "ies"):
		return s[:len(s)-3] + "y"
	}
	return strings.TrimSuffix(s, "s")
}
