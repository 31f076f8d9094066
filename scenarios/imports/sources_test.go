package imports

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

// reader reads one kind of file.
type reader func(r io.Reader, o Options) (*Found, error)

func withHeaders(r io.Reader, o Options) (*Found, error)    { return HAR(r, o, true) }
func withoutHeaders(r io.Reader, o Options) (*Found, error) { return HAR(r, o, false) }

func sitemap(r io.Reader, o Options) (*Found, error) {
	return Sitemap(r, o, func(name string) (io.ReadCloser, error) { return os.Open("testdata/sitemap/" + name) })
}

func TestSources(t *testing.T) {
	for _, c := range []struct {
		file, golden string
		read         reader
		unsafe       bool
	}{
		{"har/shop.har", "har/plain", withoutHeaders, false},
		{"har/shop.har", "har/headers", withHeaders, true},
		{"openapi/shop.yaml", "openapi/safe", OpenAPI, false},
		{"openapi/shop.yaml", "openapi/unsafe", OpenAPI, true},
		{"sitemap/index.xml", "sitemap/index", sitemap, false},
		{"rails/table.txt", "rails/table", RailsRoutes, false},
		{"rails/expanded.txt", "rails/expanded", RailsRoutes, true},
	} {
		t.Run(c.golden, func(t *testing.T) {
			in, err := os.Open("testdata/" + c.file)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			f, err := c.read(in, Options{Max: 200, Unsafe: c.unsafe})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, f, "testdata/"+c.golden+".golden")
		})
	}
}

// What is no file of its kind is a fault of usage that says what would be.
func TestBadFiles(t *testing.T) {
	for name, read := range map[string]reader{"har": withHeaders, "openapi": OpenAPI, "sitemap": sitemap, "rails": RailsRoutes} {
		for _, text := range []string{"", "x", "{}", "[]", "null", "<a/>", "<urlset>", `{"log":1}`, "openapi: 2", "openapi: 3.0.0", "swagger: '2.0'"} {
			f, err := read(strings.NewReader(text), Options{})
			if err == nil || f != nil || fault.KindOf(err) != fault.Usage || fault.HintOf(err) == "" {
				t.Errorf("%s %q: %v, %v", name, text, f, err)
			}
		}
		if _, err := read(broken{}, Options{}); err == nil {
			t.Errorf("%s: a file that cannot be read passes", name)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("input/output error") }

// No file of another computer is read.
func TestOpenAPIFollowsNoFile(t *testing.T) {
	text := "openapi: 3.0.0\ninfo: {title: x, version: '1'}\npaths:\n  /a: {$ref: '/etc/hostname'}\n"
	if _, err := OpenAPI(strings.NewReader(text), Options{}); err == nil {
		t.Error("a reference to a file was followed")
	}
}

func TestMax(t *testing.T) {
	f, err := RailsRoutes(strings.NewReader("a GET /a a#a\nb GET /b b#b\nc GET /c c#c\n"), Options{Max: 2})
	if err != nil || uris(f) != "/a, /b" || !strings.Contains(f.Notes[0], "1 route asked for less often (--max 2)") {
		t.Errorf("%v %v", f, err)
	}
}

func fuzz(f *testing.F, read reader, files ...string) {
	for _, file := range files {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := read(bytes.NewReader(text), Options{Max: 20, Unsafe: true})
		if (found == nil) == (err == nil) {
			t.Fatalf("%v, %v", found, err)
		}
		if err == nil {
			render(t, found, false)
			render(t, found, true)
		}
	})
}

func FuzzHAR(f *testing.F)     { fuzz(f, withHeaders, "har/shop.har") }
func FuzzOpenAPI(f *testing.F) { fuzz(f, OpenAPI, "openapi/shop.yaml") }
func FuzzSitemap(f *testing.F) {
	fuzz(f, func(r io.Reader, o Options) (*Found, error) { return Sitemap(r, o, nil) }, "sitemap/pages.xml", "sitemap/index.xml")
}
func FuzzRailsRoutes(f *testing.F) { fuzz(f, RailsRoutes, "rails/table.txt", "rails/expanded.txt") }

// TestSourcesAreBounded: what has no end is refused, and not kept in memory until it has.
func TestSourcesAreBounded(t *testing.T) {
	spaces := func(head string) io.Reader {
		return io.MultiReader(strings.NewReader(head), io.LimitReader(endless(' '), 1<<40))
	}
	for name, read := range map[string]func() (*Found, error){
		"a sitemap's text": func() (*Found, error) { return sitemap(spaces("<urlset>"), Options{}) },
		"a HAR of spaces":  func() (*Found, error) { return HAR(spaces(`{"log":{"pages":[`), Options{}, false) },
	} {
		if f, err := read(); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestHARInAnyOrder: what is not read of a HAR file may stand anywhere in it.
func TestHARInAnyOrder(t *testing.T) {
	text := `{"x":[{"log":1}],"log":{"pages":[{"entries":[]}],"entries":[{"request":{"method":"GET","url":"http://a/x"},"response":{"status":200}}],"version":"1.2"}}`
	f, err := HAR(strings.NewReader(text), Options{}, false)
	if err != nil || len(f.Routes) != 1 || f.Routes[0].URI != "/x" {
		t.Errorf("%+v, %v", f, err)
	}
	for _, bad := range []string{"", "[]", "{}", `{"log":1}`, `{"log":{"entries":{}}}`, text[:len(text)-40]} {
		if f, err := HAR(strings.NewReader(bad), Options{}, false); err == nil {
			t.Errorf("%q: %+v", bad, f)
		}
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}
