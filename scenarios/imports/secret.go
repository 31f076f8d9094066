package imports

import (
	"slices"
	"strings"
	"unicode"

	"leakhunt/harness/secret"
)

// passing are the words of a name whose value is good for one visit: it is no more
// worth than a secret in a scenario.
var passing = []string{"code", "state", "nonce"}

// secretName is whether the value of this parameter, field, header or cookie is to
// be taken for a secret. Rather one too many: a placeholder stands for it then.
func secretName(name string) bool {
	return secret.Name(name) || slices.ContainsFunc(secret.Words(name), func(w string) bool { return slices.Contains(passing, w) })
}

// secretValue is whether a value is a secret whatever its name.
func secretValue(v string) bool { return secret.Value(v) }

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
