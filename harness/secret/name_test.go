package secret

import "testing"

func TestName(t *testing.T) {
	for _, name := range []string{
		"pwd", "PWD", "db_pwd", "password", "userPassword", "auth", "X-Auth", "x-auth-key", "X_AUTH", "Authorization", "Authentication", "X-Api-Key",
		"apikey", "APIKey", "Cookie", "sid", "csrf_token", "X-CSRF-Token", "jwt", "X-Amz-Signature", "login.pass", "otp", "DSN", "credentials",
	} {
		if !Name(name) {
			t.Errorf("%q is no name of a secret", name)
		}
	}
	for _, name := range []string{
		"", "author", "Author-Id", "authority", "sessions", "user", "Accept", "X-Forwarded-Proto", "keyboard", "monkey", "passenger", "compass", "spin", "X-Shop", "assign", "page",
	} {
		if Name(name) {
			t.Errorf("%q is a name of a secret", name)
		}
	}
}

func TestValue(t *testing.T) {
	for _, v := range []string{
		"Bearer abc", " bearer abc", "Basic dTpw", "Token abc", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig",
		"postgres://shop:hunter2@db/shop", "http://:x@h", "-----BEGIN RSA PRIVATE KEY-----\nMII",
	} {
		if !Value(v) {
			t.Errorf("%q is no secret", v)
		}
	}
	for _, v := range []string{"", "text/html", "Bearer", "http://127.0.0.1:3000/a@b", "10:30", "eyJ", "basically so", "http://h/x:y@z"} {
		if Value(v) {
			t.Errorf("%q is a secret", v)
		}
	}
}
