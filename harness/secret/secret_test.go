package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"

	"leakhunt/harness/fault"
)

const hard = `pä"ss/w+o rd&<'\` + "\n€😀=%"

func set(t testing.TB, values ...string) *Set {
	t.Helper()
	var s Set
	if err := s.Add(values...); err != nil {
		t.Fatal(err)
	}
	return &s
}

// encodings are what output may turn a value into.
func encodings(v string) map[string]string {
	plain, _ := json.Marshal(v)
	var loose bytes.Buffer
	enc := json.NewEncoder(&loose)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	all := map[string]string{
		"raw": v, "path": url.PathEscape(v), "query": url.QueryEscape(v),
		"lower path": lowerPercent(url.PathEscape(v)), "twice": url.PathEscape(url.PathEscape(v)),
		"JSON": unquote(string(plain)), "loose JSON": unquote(strings.TrimSuffix(loose.String(), "\n")),
		"JSON slash": strings.ReplaceAll(unquote(string(plain)), "/", `\/`),
		"HTML":       html.EscapeString(v), "HTML hex": strings.ReplaceAll(v, "'", "&#x27;"),
		"Go": unquote(fmt.Sprintf("%q", v)), "Go ASCII": unquote(fmt.Sprintf("%+q", v)),
		"hex": hex.EncodeToString([]byte(v)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(v))),
	}
	for shift := range 4 {
		for after := range 4 {
			long := []byte(strings.Repeat("u", shift) + v + strings.Repeat("z", after))
			key := fmt.Sprintf("base64 %d %d", shift, after)
			all[key] = base64.StdEncoding.EncodeToString(long)
			all[key+" URL"] = base64.URLEncoding.EncodeToString(long)
			all[key+" raw"] = base64.RawStdEncoding.EncodeToString(long)
			all[key+" query"] = url.QueryEscape(all[key])
		}
	}
	return all
}

func unquote(s string) string { return s[1 : len(s)-1] }

func lowerPercent(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == '%' {
			copy(b[i:], bytes.ToLower(b[i:i+3]))
		}
	}
	return string(b)
}

func TestEncodings(t *testing.T) {
	for _, v := range []string{"hunter2-hunter2", hard, "????>>>>", "1234"} {
		s := set(t, v)
		for name, text := range encodings(v) {
			got := s.RedactString("a: " + text + " :z")
			if strings.Count(got, Mark) != 1 {
				t.Errorf("%q, %s: %q was left as %q", v, name, text, got)
				continue
			}
			left := strings.Replace(got, Mark, "", 1)
			if !strings.HasPrefix(left, "a: ") || !strings.HasSuffix(left, " :z") {
				t.Errorf("%s: its neighbours are gone: %q", name, got)
			}
			if !strings.HasPrefix(name, "base64") && left != "a:  :z" {
				t.Errorf("%s: something was left: %q", name, got)
			}
		}
	}
}

func TestNothingElseIsTouched(t *testing.T) {
	s := set(t, "hunter2")
	for _, text := range []string{"", "hunter", "Hunter2", "hunter 2", "GET /orders/1 200 4.1 KiB"} {
		if got := s.RedactString(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	var none *Set
	if none.RedactString("x") != "x" || string((&Set{}).Redact([]byte("x"))) != "x" {
		t.Error("an empty set changes text")
	}
}

func TestOverlaps(t *testing.T) {
	s := set(t, "abcdef", "abcd", "defghi", "lmno")
	for in, want := range map[string]string{
		"1abcdefghi2":         "1" + Mark + "2",
		"abcd abcdef":         Mark + " " + Mark,
		"lmnolmno":            Mark + Mark,
		"xlmnoy\nlmno":        "x" + Mark + "y\n" + Mark,
		"\xff\xfelmno\xff ab": "\xff\xfe" + Mark + "\xff ab",
	} {
		if got := s.RedactString(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestAdd(t *testing.T) {
	var s Set
	err := s.Add("", "  ", "äöü", " abcd\n")
	if fault.KindOf(err) != fault.Usage || strings.Contains(err.Error(), "äöü") {
		t.Errorf("a short secret: %v", err)
	}
	if got := s.RedactString("äöü abcd"); got != "äöü "+Mark {
		t.Errorf("%q", got)
	}
}

func TestPrinted(t *testing.T) {
	s := set(t, "hunter2")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if got := fmt.Sprintf(verb, s); strings.Contains(got, "hunter") || got != Mark {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestWriter(t *testing.T) {
	var out bytes.Buffer
	s := set(t, "hunter2")
	w := s.Writer(&out)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				if n, err := io.WriteString(w, "x hunter2\n"); n != 10 || err != nil {
					t.Errorf("wrote %d, %v", n, err)
				}
				if err := s.Add("another"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if want := strings.Repeat("x "+Mark+"\n", 400); out.String() != want {
		t.Error("lines are torn or not redacted")
	}
	if _, err := io.WriteString(s.Writer(failing{}), "hunter2"); err == nil {
		t.Error("an error of the writer below is lost")
	}
}

// FuzzRedact: any secret disappears from any text, in each encoding, and no
// value makes Add panic.
func FuzzRedact(f *testing.F) {
	f.Add(hard, "left", "right")
	f.Add("\xff\xfe\x00a.*", "(", "]")
	f.Fuzz(func(t *testing.T, v, left, right string) {
		var s Set
		if s.Add(v) != nil {
			return
		}
		if v = strings.TrimSpace(v); v == "" {
			return
		}
		for _, text := range []string{v, url.PathEscape(v), url.QueryEscape(v), hex.EncodeToString([]byte(v)), unquote(fmt.Sprintf("%q", v)), base64.StdEncoding.EncodeToString([]byte(v))} {
			if got := s.RedactString(left + " " + text + " " + right); !strings.Contains(got, Mark) {
				t.Errorf("%q is in %q", text, got)
			}
		}
	})
}
