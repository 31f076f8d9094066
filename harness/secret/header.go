package secret

import "regexp"

// header finds the value of a header that says who sends a request, as it is sent, and
// as languages and frameworks print it.
var header = regexp.MustCompile(`(?im)((?:proxy-|HTTP_PROXY_)?authorization|(?:set-)?cookie|\b(?:HTTP|X)[_-][a-z_-]*(?:auth|token|api[_-]?key|cookie)[a-z_-]*)` +
	`(\\*["']\s*,\s*|\\*["']?[ \t]*(?:=>|[:=])[ \t]*)` +
	`(\\+".*?(?:\\+"|$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|\[[^\]\n]*\]?|[^\s"'\[].*)`)

// Headers returns text with Mark in place of the values of Authorization, Cookie,
// Set-Cookie and the like, whatever they are. It is for what an application or a page
// has said: nobody knows the secrets that it tells.
func Headers(text string) string { return header.ReplaceAllString(text, "${1}${2}"+Mark) }
