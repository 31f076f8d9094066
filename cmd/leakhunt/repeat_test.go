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
	} {
		if got := credentials(c.flag, c.value); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.flag, c.value, got, c.want)
		}
	}
}
