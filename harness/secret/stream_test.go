package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/url"
	"runtime"
	"strings"
	"testing"
)

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// nested are encodings within encodings, and those of languages.
func nested(v string) map[string]string {
	return map[string]string{
		"JSON within JSON":         quoted(quoted(v)),
		"JSON within JSON, thrice": quoted(quoted(quoted(v))),
		"JSON within Go's quotes":  fmt.Sprintf("%q", quoted(v)),
		"JSON within HTML":         html.EscapeString(quoted(v)),
		"JSON within a query":      url.QueryEscape(quoted(v)),
		"a query within JSON":      quoted(url.QueryEscape(v)),
		"HTML within JSON":         quoted(html.EscapeString(v)),
		"a query within HTML":      html.EscapeString("a=" + url.QueryEscape(v) + "&b"),
		"base64 for URLs in JSON":  quoted(base64.URLEncoding.EncodeToString([]byte("user:" + v))),
		"base64 with \\/":          strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte("user:"+v)), "/", `\/`),
		"Ruby's inspect":           ruby(v, false),
		"Ruby's inspect, binary":   ruby(v, true),
		"Ruby's inspect in JSON":   quoted(ruby(v, false)),
		"Python's ascii":           python(v),
		"octal":                    octal(v),
	}
}

// ruby is String#inspect.
func ruby(v string, binary bool) string {
	var b strings.Builder
	for i, r := range v {
		switch {
		case r == '#' && strings.HasPrefix(v[i:], "#{"), r == '"', r == '\\':
			b.WriteString(`\` + string(r))
		case r == 0x1b:
			b.WriteString(`\e`)
		case r == '\n':
			b.WriteString(`\n`)
		case r >= 0x80 && binary:
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, `\x%02X`, c)
			}
		case r > 0xffff:
			fmt.Fprintf(&b, `\u{%X}`, r)
		case r >= 0x80:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

func python(v string) string {
	var b strings.Builder
	for _, r := range v {
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		case r > 0xff:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r >= 0x7f || r < ' ':
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return "'" + b.String() + "'"
}

func octal(v string) string {
	var b strings.Builder
	for _, c := range []byte(v) {
		fmt.Fprintf(&b, `\%03o`, c)
	}
	return b.String()
}

func TestNested(t *testing.T) {
	for _, v := range []string{"hunter2-hunter2", hard, "a#{b}\x1bc", "C:\\new\\table"} {
		s := set(t, v)
		for name, text := range nested(v) {
			got := s.RedactString("a: " + text + " :z")
			if strings.Count(got, Mark) != 1 || len(got) > len("a:  :z")+len(Mark)+25 {
				t.Errorf("%q, %s: %q was left as %q", v, name, text, got)
			}
		}
	}
}

// TestTorn: wherever a text is torn, what is written is what Redact leaves of it.
func TestTorn(t *testing.T) {
	for _, v := range []string{"hunter2-hunter2", hard, "abababac", "1234"} {
		s := set(t, v, "another-one")
		all := encodings(v)
		for name, text := range nested(v) {
			all[name] = text
		}
		for name, text := range all {
			if strings.HasPrefix(name, "base64 ") && !strings.HasPrefix(name, "base64 1 2") {
				continue
			}
			text = "a: " + text + " :another-one z " + text
			want := s.RedactString(text)
			for i := 0; i < len(text); i += 1 + len(text)/60 {
				var out bytes.Buffer
				w := s.Writer(&out)
				_, _ = io.WriteString(w, text[:i])
				_, _ = io.WriteString(w, text[i:])
				_ = w.Flush()
				if got := out.String(); got != want && (!strings.HasPrefix(name, "base64") || strings.Contains(got, v)) {
					t.Fatalf("%s torn at %d: %q, want %q", name, i, got, want)
				}
			}
			var out bytes.Buffer
			w := s.Writer(&out)
			for i := range len(text) {
				_, _ = w.Write([]byte{text[i]})
			}
			_ = w.Flush()
			if got := out.String(); got != want && !strings.HasPrefix(name, "base64") {
				t.Fatalf("%s byte by byte: %q, want %q", name, got, want)
			}
		}
	}
}

// TestHeldBack: nothing but the beginning of a secret is held back, and a secret that
// becomes known is found in what is.
func TestHeldBack(t *testing.T) {
	var out bytes.Buffer
	s := set(t, "hunter2")
	w := s.Writer(&out)
	for _, step := range []struct{ in, out string }{
		{"URL: ", "URL: "},
		{"\x1b[2J\x1b[H", "\x1b[2J\x1b[H"},
		{"50 %", "50 "},
		{" of all\n", "% of all\n"},
		{"a hunt", "a "},
		{"er1\n", "hunter1\n"},
		{"a hunt", "a "},
		{"er2\n", Mark + "\n"},
		{"hunt", ""},
	} {
		out.Reset()
		if n, err := io.WriteString(w, step.in); n != len(step.in) || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
		if got := out.String(); got != step.out {
			t.Errorf("%q: passed on %q, want %q", step.in, got, step.out)
		}
	}
	out.Reset()
	if err := s.Add("hunting-season"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, "ing-season, a hunt")
	if got := out.String(); got != Mark+", a " {
		t.Errorf("a secret that came late: %q", got)
	}
	out.Reset()
	if err := w.Flush(); err != nil || out.String() != "hunt" {
		t.Errorf("flushed %q, %v", out.String(), err)
	}
}

// TestCutOff: the beginning of a secret is marked where a text was shortened.
func TestCutOff(t *testing.T) {
	v := "kT9w2LmQx7Vb4Nz8RcYp1sDf6GhJ3a"
	s := set(t, v)
	for in, want := range map[string]string{
		"it said: " + v[:20]:              "it said: " + Mark,
		"it said: " + v[:20] + "… and so": "it said: " + Mark + "… and so",
		"it said: " + v[:10] + "…":        "it said: " + v[:10] + "…",
		v[:17] + v:                        Mark + Mark,
	} {
		if got := s.RedactString(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	key := "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7\nqx8cN2v5kPzYw1tL\n-----END KEY-----"
	text := set(t, key).RedactString("  " + strings.ReplaceAll(key, "\n", "\n  "))
	if strings.Contains(text, "MIIE") || strings.Contains(text, "qx8c") {
		t.Errorf("the lines of a key, indented: %q", text)
	}
}

// TestLong: a secret of 100 kB is found in each encoding, in little memory.
func TestLong(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 100_000)
	for i := range b {
		b[i] = byte(' ' + 1 + rng.IntN(94))
	}
	for _, v := range []string{string(b), strings.Repeat("ab", 10_000)} {
		s := set(t, v)
		for name, text := range map[string]string{
			"raw": v, "JSON in a query": url.QueryEscape(quoted(v)), "base64": base64.StdEncoding.EncodeToString([]byte("u" + v)), "cut": v[:len(v)/2],
		} {
			var out bytes.Buffer
			w := s.Writer(&out)
			for from := 0; from < len(text); from += 32 << 10 {
				_, _ = io.WriteString(w, text[from:min(len(text), from+32<<10)])
			}
			_ = w.Flush()
			if !strings.Contains(out.String(), Mark) || out.Len() > 3*len(Mark) {
				t.Errorf("%s: %d bytes were left: %.100q", name, out.Len(), out.String())
			}
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := set(t, string(b))
	w := s.Writer(io.Discard)
	_, _ = io.WriteString(w, url.QueryEscape(quoted(string(b[:99_999]))))
	runtime.GC()
	runtime.ReadMemStats(&after)
	if took := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20; took > 32 {
		t.Errorf("a secret of 100 kB takes %d MiB", took)
	}
	runtime.KeepAlive(w)
}

func BenchmarkRedact(b *testing.B) {
	text := []byte(strings.Repeat("GET /orders/1?q=a%20b 200 4.1 KiB <td class=\"x\">&amp;</td>\n", 1000))
	s := set(b, "hunter2-hunter2", "correct horse battery", "0123456789abcdef0123456789abcdef", "s3cr3t-t0ken-of-the-ci")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		s.Redact(text)
	}
}
