package load

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func compile(t testing.TB, s Spec) *Template {
	t.Helper()
	tm, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return tm
}

func endpoint(s *httptest.Server) Endpoint {
	addr := s.Listener.Addr()
	return Endpoint{Network: addr.Network(), Address: addr.String(), Host: addr.String()}
}

func TestDo(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, io.MultiReader(strings.NewReader(r.Method+" "+r.RequestURI+" "), r.Body))
	}))
	defer srv.Close()
	c := New(endpoint(srv), false)
	defer c.Close()
	tm := compile(t, Spec{Method: "POST", URI: "/a/{{n}}", Body: "x={{v}}", HasBody: true, KeepBody: true})
	for n := range 3 {
		res := c.Do(context.Background(), tm, Values{N: n, Vars: map[string]string{"v": "1"}})
		if !res.OK() {
			t.Fatalf("%+v", res)
		}
		t.Logf("%s", res.Body)
	}
	if c.Connections() != 1 {
		t.Errorf("%d connections", c.Connections())
	}
}
