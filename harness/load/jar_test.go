package load

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestEndlessCookies: a server that sets a new cookie with every answer is sent no
// more than a browser would send, and what it sets again stays.
func TestEndlessCookies(t *testing.T) {
	n := 0
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		http.SetCookie(w, &http.Cookie{Name: fmt.Sprintf("visit%d", n), Value: strings.Repeat("v", 100), Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "session", Value: fmt.Sprint(n), Path: "/"})
		if k, err := r.Cookie("session"); n > 1 && (err != nil || k.Value != fmt.Sprint(n-1)) {
			t.Errorf("request %d came with the session %v", n, k)
		}
		if sent := len(r.Cookies()); sent > mostCookies {
			t.Errorf("request %d came with %d cookies", n, sent)
		}
	}))
	srv.Config.MaxHeaderBytes = 16 << 10
	srv.Start()
	defer srv.Close()
	c := New(endpoint(srv), true)
	defer c.Close()
	get := compile(t, Spec{Method: "GET", URI: "/"})
	for i := range 1500 {
		if res := c.Do(context.Background(), get, Values{}); !res.OK() {
			t.Fatalf("request %d: %v %s", i, res.Err, res.Failure)
		}
	}
	if len(c.jar.set) != mostCookies {
		t.Errorf("%d cookies are kept", len(c.jar.set))
	}
}

// TestKeep: a visitor stays who logged in, however many cookies come.
func TestKeep(t *testing.T) {
	u, err := url.Parse("http://shop.example/")
	if err != nil {
		t.Fatal(err)
	}
	j := newJar()
	j.take(u, []*http.Cookie{{Name: "session", Value: "1"}})
	j.keep()
	has := func() bool {
		for _, k := range j.cookies(u) {
			if k.Name == "session" {
				return true
			}
		}
		return false
	}
	for i := range 10 * mostCookies {
		if i == mostCookies { // what is set again is still that of the login
			j.take(u, []*http.Cookie{{Name: "session", Value: "2"}})
		}
		j.take(u, []*http.Cookie{{Name: fmt.Sprintf("visit%d", i), Value: "v"}})
		if !has() {
			t.Fatalf("the session is lost with cookie %d", i)
		}
	}
	if len(j.set) != mostCookies {
		t.Errorf("%d cookies are kept", len(j.set))
	}
	j.keep() // where all are of a login, the oldest goes
	j.take(u, []*http.Cookie{{Name: "one more", Value: "v"}})
	if len(j.set) != mostCookies {
		t.Errorf("%d cookies are kept", len(j.set))
	}
}

func TestJar(t *testing.T) {
	at := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	names := func(j *jar, u *url.URL) (s string) {
		for _, k := range j.cookies(u) {
			s += k.Name + " "
		}
		return s
	}
	j, u := newJar(), at("http://shop.example/cart/items")
	j.take(u, []*http.Cookie{
		{Name: "big", Value: strings.Repeat("x", mostCookieBytes)},
		{Name: "other", Value: "x", Domain: "bank.example"},
		{Name: "keep", Value: "x"},
		{Name: "wide", Value: "x", Domain: "shop.example", Path: "/"},
	})
	if got := names(j, u); got != "keep wide " {
		t.Errorf("kept: %s", got)
	}
	if len(j.set) != 2 {
		t.Errorf("%d are counted", len(j.set))
	}
	for i := range 200 {
		j.take(u, []*http.Cookie{{Name: fmt.Sprintf("n%d", i), Value: "x"}})
	}
	if got := len(j.cookies(u)); got != mostCookies || len(j.set) != mostCookies {
		t.Errorf("%d are sent, %d counted", got, len(j.set))
	}
	for i := range 500 { // a Host header of the scenario may name any host
		v := at(fmt.Sprintf("http://h%d.example/", i))
		for k := range 10 {
			j.take(v, []*http.Cookie{{Name: fmt.Sprintf("n%d", k), Value: "x"}})
		}
	}
	if len(j.set) > mostHosts*mostCookies || names(j, u) != "" {
		t.Errorf("%d of all hosts are kept", len(j.set))
	}
	j.take(u, []*http.Cookie{{Name: "k", Value: "x"}, {Name: "k", MaxAge: -1}})
	if got := names(j, u); got != "" {
		t.Errorf("what was deleted is sent: %s", got)
	}
}
