package main

import (
	"slices"
	"testing"
)

func TestCredentials(t *testing.T) {
	for _, c := range []struct {
		flag, value string
		want        []string
	}{
		{"header", "Authorization: Bearer 0123456789", []string{" Bearer 0123456789", "0123456789"}},
		{"header", "Cookie: sid=0123456789; theme=dark", []string{" sid=0123456789; theme=dark", "sid=0123456789", "0123456789", "theme=dark"}},
		{"header", "Accept: text/html; charset=utf-8", nil},
		{"var", "password=two words", []string{"two words"}},
		{"var", "session_count=250", nil},
		{"var", "user=administrator", nil},
		{"var", "pwd=hunter2-hunter2", []string{"hunter2-hunter2"}},
		{"header", "X-Auth: hunter2-hunter2", []string{" hunter2-hunter2", "hunter2-hunter2"}},
		{"header", "X-Shop: Bearer hunter2-hunter2", []string{" Bearer hunter2-hunter2", "hunter2-hunter2"}},
	} {
		if got := credentials(c.flag, c.value); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.flag, c.value, got, c.want)
		}
	}
}

func TestDiscreet(t *testing.T) {
	for _, c := range []struct{ flag, value, want string }{
		{"var", "pwd=hunter2", "pwd=[secret]"},
		{"var", "dbPassword=hunter2", "dbPassword=[secret]"},
		{"var", "db=postgres://shop:hunter2@db/shop", "db=[secret]"},
		{"header", "X-Auth: hunter2", "X-Auth:[secret]"},
		{"header", "X-Shop: Bearer hunter2", "X-Shop:[secret]"},
		{"header", "Author: Ada", "Author: Ada"},
		{"var", "page=cart", "page=cart"},
		{"only", "auth=*", "auth=*"},
	} {
		if got := discreet(c.flag, c.value); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.flag, c.value, got, c.want)
		}
	}
}
