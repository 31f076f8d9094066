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

const good = "requests,rss_bytes\n0,10000000\n1,11000000\n2,12100000\n"

func TestRead(t *testing.T) {
	for name, text := range map[string]string{
		"plain":         good,
		"gzip":          pack(t, good),
		"crlf":          strings.ReplaceAll(good, "\n", "\r\n"),
		"mark":          "\ufeff" + good,
		"other columns": "t,rss_bytes,requests\nx,10000000,0\n,11000000,1\n7,12100000,2\n",
		"quoted":        "\"requests\",\"rss_bytes\"\n0,\"10000000\"\n1,11000000\n2,\"12100000\"\n",
		"spaces":        "requests , rss_bytes\n 0, 10000000\n\n1 ,11000000\n2,1.21e7",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Read(strings.NewReader(text), "x.csv")
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.Requests, []int{0, 1, 2}) || !slices.Equal(s.RSS, []float64{10000000, 11000000, 12100000}) || len(s.Warnings) != 0 {
				t.Errorf("got %+v", s)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	whole := pack(t, strings.Repeat(good, 1))
	var rows strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&rows, "%d,%d\n", i, 7919*i*i)
	}
	cut := pack(t, "requests,rss_bytes\n"+rows.String())
	cut = cut[:len(cut)/2]
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "x.csv: empty file"},
		{"only header", "requests,rss_bytes\n", "x.csv: no reading after the header"},
		{"no header", "0,100\n", `x.csv:1: "0,100": the first line must name the columns requests and rss_bytes`},
		{"fraction", "requests,rss_bytes\n0,1\n1.5,2\n", `x.csv:3: "1.5,2": requests must be a whole number from 0 on, not "1.5"`},
		{"negative count", "requests,rss_bytes\n-1,1\n", `requests must be a whole number from 0 on, not "-1"`},
		{"negative bytes", "requests,rss_bytes\n0,-1\n", `x.csv:2: "0,-1": rss_bytes must be a number of bytes, not "-1"`},
		{"infinite", "requests,rss_bytes\n0,inf\n", `not "inf"`},
		{"no number", "requests,rss_bytes\n0,1\n1,NaN\n", `x.csv:3: "1,NaN": rss_bytes must be a number of bytes, not "NaN"`},
		{"huge", "requests,rss_bytes\n0,1e300\n", `x.csv:2: "0,1e300": rss_bytes must be a number of bytes, not "1e300"`},
		{"far away", "requests,rss_bytes\n5,1\n9223372036854775807,1\n", `at most 1048576 requests after the first line's 5, not 9223372036854775807`},
		{"one column twice", "requests,rss_bytes,rss_bytes\n0,1,2\n", "2 columns are called rss_bytes"},
		{"gzip cut in a line", cut, "gzip data is damaged or cut short, near line"},
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
		{"0,100e5\n1,110e5\n2,120e5", nil},
		{"0,100e5\n1,120e5\n2,100e5", []string{"restart", "two-values"}},
		{"0,100e5\n1,105e5\n2,100e5", []string{"two-values"}},
		{"0,100e5\n1,100e5\n2,100e5", nil},
		{"0,100e5\n1,110e5\n5,120e5", []string{"gaps"}},
		{"3,100e5\n4,110e5\n5,120e5", []string{"no-start"}},
		{"3,100e5\n4,110e5\n5,99e5", []string{"no-start"}},
		{"0,100e5\n1,120e5\n2,0", []string{"process-gone"}},
		{"0,100e5\n1,220e5\n2,90e5\n3,91e5", []string{"restart"}},
		{"0,100e5\n1,200e5\n2,210e5\n3,98e5\n4,199e5", []string{"restart"}},
		{"0,100e5\n1,200e5\n2,20", []string{"restart"}},
		{"0,100e5\n1,200e5\n2,150e5\n3,201e5", nil},
		{"0,20000\n1,21000\n2,22000", []string{"too-small"}},
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
		same := slices.EqualFunc(s.RSS, again.RSS, func(a, b float64) bool { return a == b })
		if !slices.Equal(s.Requests, again.Requests) || !same || len(s.Warnings) != len(again.Warnings) {
			t.Fatalf("%+v reads again as %+v", s, again)
		}
	})
}
