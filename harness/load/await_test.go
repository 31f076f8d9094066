package load

import (
	"errors"
	"net/http/httptest"
	"testing"
)

// TestAwait: a thread waits on plain connections, and on no other; a deadline that
// comes before it gives up counts. TestSplitBody has an answer that comes after.
func TestAwait(t *testing.T) {
	plain, secure := httptest.NewServer(app()), httptest.NewTLSServer(app())
	defer plain.Close()
	defer secure.Close()
	for _, s := range []*httptest.Server{plain, secure} {
		ep := endpoint(s)
		ep.TLS, ep.Insecure = s == secure, true
		c := New(ep, false)
		defer c.Close()
		res := c.Do(t.Context(), compile(t, Spec{URI: "/echo"}), Values{})
		if !res.OK() || (c.link.await == nil) != ep.TLS {
			t.Errorf("TLS %t: %+v, waits: %t", ep.TLS, res, c.link.await != nil)
		}
	}
	ep, _ := silent(t)
	if res := do(t, ep, Spec{URI: "/", Timeout: awaitMost / 2}); !errors.Is(res.Err, ErrTimeout) {
		t.Errorf("%+v", res)
	}
}
