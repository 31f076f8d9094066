package scenarios_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leakhunt/scenarios"
)

const reducible = `# a shop
version: 1
target: &t {url: "http://127.0.0.1:3000"}
headers: {Accept: text/html, X-Trace: "1"}
uris:
  - /
  - POST /login?next=/cart&lang=${LANG2:-a?b&c}&n={{n}} # comment
  - uri: /order?x=1
    method: POST
    headers: {Cookie: "sid=${SID:-none}; theme=dark", X-One: [a, b], Content-Type: application/json}
    json: {a: 1, b: {c: 2}}
  - {uri: /pay, method: POST, form: {amount: 7, card: "${CARD:-none}"}}
`

func TestReduceURIs(t *testing.T) {
	r := scenarios.NewReducer([]byte(reducible), "shop.yaml")
	out, err := r.URIs([]int{0, 3})
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse(out, "shop.yaml", scenarios.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(s.URIs) != 2 || s.URIs[1].URI != "/pay" || s.Target.URL == "" {
		t.Errorf("the URIs are %v", s.URIs)
	}
	if text := string(out); !strings.Contains(text, "${CARD:-none}") || !strings.Contains(text, "# a shop") {
		t.Errorf("variables or comments are lost:\n%s", text)
	}
}

func TestReduceParts(t *testing.T) {
	r := scenarios.NewReducer([]byte(reducible), "shop.yaml")
	for uri, want := range []string{
		"[]",
		"[query parameter next query parameter lang query parameter n]",
		"[query parameter x header Accept header X-Trace cookie sid cookie theme header X-One field a field b]",
		"[header Accept header X-Trace field amount field card]",
	} {
		parts, err := r.Parts(uri)
		if got := fmt.Sprint(parts); err != nil || got != want {
			t.Errorf("URI %d: %s, %v; want %s", uri, got, err, want)
		}
		for keep := range len(parts) + 1 {
			var some []int
			for i := keep; i < len(parts); i += 2 {
				some = append(some, i)
			}
			out, err := r.Request(uri, some)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := scenarios.Parse(out, "shop.yaml", scenarios.Options{}); err != nil {
				t.Fatalf("URI %d with parts %v: %v\n%s", uri, some, err, out)
			}
			left, err := scenarios.NewReducer(out, "shop.yaml").Parts(0)
			if err != nil || len(left) != len(some) {
				t.Fatalf("URI %d: %v are left of parts %v (%v)\n%s", uri, left, some, err, out)
			}
			for i, p := range left {
				if p != parts[some[i]] {
					t.Errorf("URI %d: %v are left of parts %v", uri, left, some)
				}
			}
		}
	}
}

func TestReduceRequest(t *testing.T) {
	r := scenarios.NewReducer([]byte(reducible), "shop.yaml")
	out, err := r.Request(2, []int{4, 7})
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse(out, "shop.yaml", scenarios.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	u := s.URIs[0]
	want := []scenarios.Pair{{Name: "Cookie", Value: "theme=dark"}, {Name: "Content-Type", Value: "application/json"}}
	if u.URI != "/order" || u.Body != `{"b":{"c":2}}` || !slices.Equal(u.Headers, want) || len(s.Headers) != 0 {
		t.Errorf("the request is %s %q %v %v", u.URI, u.Body, u.Headers, s.Headers)
	}
}

func FuzzReduce(f *testing.F) {
	f.Add(reducible)
	f.Add("uris: [/?a=1]")
	f.Add("{target: {demo: {}}, uris: &u [&v {uri: '/?a&b=${X:-}'}, *v]}")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := scenarios.Parse([]byte(text), "x.yaml", scenarios.Options{TargetGiven: true})
		if err != nil {
			return
		}
		r := scenarios.NewReducer([]byte(text), "x.yaml")
		if _, err := r.URIs([]int{0}); err != nil {
			t.Fatalf("URIs: %v", err)
		}
		for i := range s.URIs {
			parts, err := r.Parts(i)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Request(i, nil); err != nil {
				t.Fatalf("%v of %v", err, parts)
			}
		}
	})
}
