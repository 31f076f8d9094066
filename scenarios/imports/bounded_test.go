package imports

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

// TestLongHAR: what was answered may be long, in an entry; what is not needed is not held.
func TestLongHAR(t *testing.T) {
	const entry = `{"request":{"method":"GET","url":"http://a/shop"},"response":{"status":200,"content":{"text":"%s"}}}`
	har := `{"log":{"pages":[` + strings.Repeat(`{"a":[1]},`, 500_000) + `{}],"entries":[` + fmt.Sprintf(entry, strings.Repeat("x", 5<<20)) + `]}}`
	f, err := HAR(strings.NewReader(har), Options{}, false)
	if err != nil || len(f.Routes) != 1 || f.Routes[0].URI != "/shop" {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestHARParts: what is too large is said to be.
func TestHARParts(t *testing.T) {
	for name, text := range map[string]string{
		"an entry":           `{"log":{"entries":[{"request":{"headers":[` + strings.Repeat(`{"name":"a"},`, 500_000),
		"what is not needed": `{"log":{"pages":[` + strings.Repeat(`{"name":"a"},`, 1_500_000),
	} {
		if _, err := HAR(strings.NewReader(text), Options{}, false); err == nil || !strings.Contains(err.Error(), "a part of the HAR file is too large") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLongRoutes(t *testing.T) {
	const row = "   users GET    /users(.:format)    users#index\n"
	for name, text := range map[string]string{
		"longer than 4.0 MiB":          strings.Repeat(row, 5<<20/len(row)),
		"a line is longer than 64 KiB": row + strings.Repeat("x", 100_000),
	} {
		if _, err := RailsRoutes(strings.NewReader(text), Options{}); fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q: %v", name, err)
		}
	}
}

// TestManyOperations: they are counted before the library reads them.
func TestManyOperations(t *testing.T) {
	paths := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const json, yaml = `"/p%d":{"get":{"responses":{"200":{"description":"x"}}}},`, "  /p%d:\n    get:\n      responses:\n        200: {description: x}\n"
	for name, text := range map[string]string{
		"JSON": `{"openapi":"3.0.0","info":{"title":"x","version":"1"},"paths":{` + paths(json, mostOperations+1) + `"/z":{}}}`,
		"YAML": "openapi: 3.0.0\ninfo: {title: x, version: '1'}\npaths:\n" + paths(yaml, mostOperations+1),
	} {
		if _, err := OpenAPI(strings.NewReader(text), Options{}); fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), "has 5001 operations") {
			t.Errorf("%s: %v", name, err)
		}
	}
	f, err := OpenAPI(strings.NewReader(`{"openapi":"3.0.0","info":{"title":"x","version":"1"},"paths":{`+paths(json, 100)+`"/z":{}}}`), Options{})
	if err != nil || len(f.Routes) != 100 {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestHostilePages: a page that cannot be read has answered, and of a page without end
// the first links are looked at.
func TestHostilePages(t *testing.T) {
	page := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for i := 0; i < 2<<20; i += len(page) {
			if _, err := w.Write([]byte(page)); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	page = strings.Repeat("<div>", 1<<18)
	f, err := Crawl(t.Context(), s.URL, Options{})
	if err != nil || len(f.Routes) != 1 || !strings.Contains(strings.Join(f.Notes, "\n"), "whose links could not be read") {
		t.Errorf("elements in each other: %+v, %v", f, err)
	}
	var links strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&links, "<a href=/a/%d/b>x</a>", i)
	}
	page = links.String()
	f, err = Crawl(t.Context(), s.URL, Options{Max: 1})
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(f.Notes, "\n"); !strings.Contains(notes, "4,990 links to more pages of a route") {
		t.Errorf("links without end: %s", notes)
	}
}
