package recorded

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

func pack(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const good = "requests,rss_bytes\n0,100\n1,110\n2,121\n"

func TestRead(t *testing.T) {
	for name, text := range map[string]string{
		"plain":         good,
		"gzip":          pack(t, good),
		"crlf":          strings.ReplaceAll(good, "\n", "\r\n"),
		"mark":          "\ufeff" + good,
		"other columns": "t,rss_bytes,requests\nx,100,0\n,110,1\n7,121,2\n",
		"quoted":        "\"requests\",\"rss_bytes\"\n0,\"100\"\n1,110\n2,\"121\"\n",
		"spaces":        "requests , rss_bytes\n 0, 100\n\n1 ,110\n2,1.21e2",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Read(strings.NewReader(text), "x.csv")
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.Requests, []int{0, 1, 2}) || !slices.Equal(s.RSS, []float64{100, 110, 121}) || len(s.Warnings) != 0 {
				t.Errorf("got %+v", s)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	whole := pack(t, strings.Repeat(good, 1))
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "x.csv: empty file"},
		{"only header", "requests,rss_bytes\n", "x.csv: no reading after the header"},
		{"no header", "0,100\n", `x.csv:1: "0,100": the first line must name the columns requests and rss_bytes`},
		{"fraction", "requests,rss_bytes\n0,1\n1.5,2\n", `x.csv:3: "1.5,2": requests must be a whole number from 0 on, not "1.5"`},
		{"negative count", "requests,rss_bytes\n-1,1\n", `requests must be a whole number from 0 on, not "-1"`},
		{"negative bytes", "requests,rss_bytes\n0,-1\n", `x.csv:2: "0,-1": rss_bytes must be a number of bytes, not "-1"`},
		{"infinite", "requests,rss_bytes\n0,inf\n", `not "inf"`},
		{"word", "requests,rss_bytes\n0,12kB\n", `not "12kB"`},
		{"short line", "requests,rss_bytes\n0,1\n1\n", `x.csv:3: "1": 2 fields as in the header, not 1`},
		{"goes back", "requests,rss_bytes\n0,1\n5,1\n5,1\n", "x.csv:4: \"5,1\": requests must rise from line to line, and 5 follows 5"},
		{"quote", "requests,rss_bytes\n0,\"1\n", "quotes must come in pairs"},
		{"binary", "\x00\x01\x02\xff\n", "x.csv:1:"},
		{"long line", strings.Repeat("x", maxLine+1), "x.csv:1: the line is longer than"},
		{"cut gzip", whole[:len(whole)-12], "gzip data is damaged or cut short"},
		{"bad gzip", "\x1f\x8bnonsense", "gzip data is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Read(strings.NewReader(c.text), "x.csv")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if fault.KindOf(err) != fault.Usage || len(s.RSS) != 0 || len(s.Requests) != 0 {
				t.Errorf("kind %v, series %+v", fault.KindOf(err), s)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		rows string
		want []string
	}{
		{"0,100\n1,110\n2,120", nil},
		{"0,100\n1,110\n2,100", []string{"two-values"}},
		{"0,100\n1,100\n2,100", nil},
		{"0,100\n1,110\n5,120", []string{"gaps"}},
		{"3,100\n4,110\n5,120", []string{"no-start"}},
		{"0,100\n1,nan\n2,120", []string{"not-a-number"}},
		{"0,100\n1,120\n2,0", []string{"process-gone"}},
		{"0,100\n1,220\n2,90\n3,91", []string{"restart"}},
	} {
		s, err := Read(strings.NewReader("requests,rss_bytes\n"+c.rows), "x.csv")
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, w := range s.Warnings {
			codes = append(codes, w.Code)
			if w.Message == "" {
				t.Errorf("%s without a message", w.Code)
			}
		}
		if !slices.Equal(codes, c.want) {
			t.Errorf("%q: warnings %v, want %v", c.rows, codes, c.want)
		}
	}
}

// What was read and is written again reads the same; an error leaves nothing.
func FuzzRead(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(pack(f, good)))
	f.Add([]byte("rss_bytes,requests\n1,\"0\"\nnan,1\n"))
	f.Add([]byte("requests,rss_bytes\n0,1e999\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Read(bytes.NewReader(raw), "f")
		if err != nil {
			if s.Requests != nil || s.RSS != nil {
				t.Fatal("an error with a series")
			}
			return
		}
		var b strings.Builder
		b.WriteString("requests,rss_bytes\n")
		for i, n := range s.Requests {
			fmt.Fprintf(&b, "%d,%g\n", n, s.RSS[i])
		}
		again, err := Read(strings.NewReader(b.String()), "f")
		if err != nil {
			t.Fatal(err)
		}
		same := slices.EqualFunc(s.RSS, again.RSS, func(a, b float64) bool { return a == b || (a != a && b != b) })
		if !slices.Equal(s.Requests, again.Requests) || !same || len(s.Warnings) != len(again.Warnings) {
			t.Fatalf("%+v reads again as %+v", s, again)
		}
	})
}
