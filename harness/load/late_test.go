package load

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// The end of one request's context may be noticed after the next request, made
// with another, has begun: it must not touch that one.
func TestALateContextSparesTheNextRequest(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer s.Close()
	c := New(endpoint(s), false)
	defer c.Close()
	tmpl := compile(t, Spec{Method: "POST", URI: "/"})
	for i := range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		res := c.Do(ctx, tmpl, Values{})
		cancel()
		if res.Err != nil {
			t.Fatalf("request %d: %v", i, res.Err)
		}
	}
}
