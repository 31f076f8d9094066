package secret

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// words are the words of a name whose value is a secret: session, not sessions of a
// conference. parts are found inside a word, too.
var (
	words = strings.Fields(`auth authorization authentication session sess sid sig signature otp pin pass pwd pw
		jwt ticket key assertion saml cookie cookies bearer hmac cred creds dsn`)
	parts = strings.Fields(`token secret passw passphrase apikey accesskey privatekey sessionid sessid csrf xsrf
		credential signature samlresponse`)
)

// Name says that the value of a header, a variable, a parameter or a field is a secret,
// as far as its name tells. Name calls too many values secret rather than too few.
func Name(name string) bool {
	all := Words(name)
	if slices.ContainsFunc(all, func(w string) bool { return slices.Contains(words, w) }) {
		return true
	}
	joined := strings.Join(all, "")
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(joined, p) })
}

// Words are the words of a name, in lower case: those of X-Api-Key, of api_key and of
// apiKey.
func Words(name string) (all []string) {
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			all = append(all, word.String())
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
	return all
}

// value finds a value that is a secret whatever it is called: a signed token, what
// follows a scheme of HTTP authentication, a private key, an address with a password.
var value = regexp.MustCompile(`^\s*(?:eyJ[\w-]*\.[\w.-]*\.[\w-]*|(?i:bearer|basic|digest|negotiate|token)\s+\S+)|-----BEGIN [A-Z ]*PRIVATE KEY-----|\w://[^/\s:@]*:[^/\s@]+@`)

// Value says that a value is a secret whatever it is called.
func Value(v string) bool { return value.MatchString(v) }
