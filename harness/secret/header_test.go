package secret

import (
	"strings"
	"testing"
)

func TestHeaders(t *testing.T) {
	for _, text := range []string{
		"Authorization: Bearer s3cret",
		"> cookie: a=b; sid=s3cret\r",
		`{"Cookie"=>"a=\"b\"; sid=s3cret", "x"=>1}`,
		`"HTTP_COOKIE"=>"sid=s3cret"`, `"HTTP_AUTHORIZATION" => "Basic s3cret"`,
		`{"set-cookie":["sid=s3cret; Path=/"]}`, `"{\"cookie\":\"sid=s3cret\"}"`,
		`map[Authorization:[Bearer s3cret] Host:[x]]`, `('Cookie', 'sid=s3cret')`, `["Authorization", "Bearer s3cret"]`,
		"X-Auth: s3cret", "HTTP_X_API_KEY=s3cret", "x-csrf-token: s3cret", "Proxy-Authorization: Basic s3cret",
		"one\nSet-Cookie: sid=s3cret\ntwo",
	} {
		got := Headers(text)
		if strings.Contains(got, "s3cret") || !strings.Contains(got, Mark) {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, text := range []string{
		"cookies: fresh at a URI", "the application set a cookie, and all requests send it", "max-authors: 5", "Host: x",
		"Authorization failed", "GET /cookie 200", "one\nCookie:\ntwo",
	} {
		if got := Headers(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := Headers(`a {"Cookie"=>"x", "y"=>1}`); got != `a {"Cookie"=>`+Mark+`, "y"=>1}` {
		t.Errorf("%q", got)
	}
}
