package scenarios

import (
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"0B": 0, "512B": 512, "1KiB": 1024, "1.5KiB": 1536, "2MiB": 2 << 20, "1GiB": 1 << 30,
		"1KB": 1000, "2.5MB": 2_500_000, "3GB": 3e9, "8589934591GiB": 8589934591 << 30, "0.5KB": 500,
	} {
		if got, fix := parseSize(s); fix != "" || got != want {
			t.Errorf("%q: %d, %q; want %d", s, got, fix, want)
		}
	}
	for s, want := range map[string]string{
		"": "write digits", "12": "12KiB", "1k": `"1KiB"`, "1mib": `"1MiB"`, "-1B": "write digits", "1 KiB": `"1KiB"`,
		"1.5B": "whole number", "0.3KiB": "whole number", "9000000000GiB": "at most", "1TiB": "write digits", "1e3B": "write digits",
		"0x1B": "write digits", "KiB": "write digits", ".5KiB": "write digits", "NaNB": "write digits",
		"1." + strings.Repeat("0", 60) + "KiB": "write digits",
	} {
		if got, fix := parseSize(s); got != 0 || !strings.Contains(fix, want) {
			t.Errorf("%q: %d, %q; want %q", s, got, fix, want)
		}
	}
}

func TestParseRequestLine(t *testing.T) {
	for s, want := range map[string][2]string{
		"/": {"GET", "/"}, "DELETE /cart": {"DELETE", "/cart"}, " POST   /a?b=c ": {"POST", "/a?b=c"},
		"/orders/{{ n }}": {"GET", "/orders/{{ n }}"}, "/%20": {"GET", "/%20"}, "/?u=http://x": {"GET", "/?u=http://x"},
		"/é": {"GET", "/é"},
	} {
		method, uri, err := ParseRequestLine(s)
		if err != nil || method != want[0] || uri != want[1] {
			t.Errorf("%q: %q %q %v", s, method, uri, err)
		}
	}
	for s, hint := range map[string]string{
		"": "at least", "orders": "/path", "get /": `"GET"`, "GET": "/path", "GET x": "/path", "/a b": "%20", "http://h/x": "target:",
		"/a#b": "%23", "/%zz": "%25", "/%": "%25", "/\x01": "%0A", "CONNECT /": "methods", "DELET /x": `"DELETE"`, "{{host}}/x": "/path",
	} {
		_, _, err := ParseRequestLine(s)
		if err == nil || fault.KindOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), hint) {
			t.Errorf("%q: %v, hint %q; want %q", s, err, fault.HintOf(err), hint)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	got := Placeholders("/{{n}}/{{ user }}/{{n}}/{{data.a b}}{x}{{")
	if want := []string{"n", "user", "data.a b"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
