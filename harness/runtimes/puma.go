package runtimes

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"leakhunt/harness/fault"
)

// Puma reads a puma process in single mode through its control app (puma,
// lib/puma/app/status.rb). In cluster mode the control app acts on the master
// alone, which serves nothing.
type Puma struct {
	client *http.Client
	base   string // without a trailing slash
	token  string // a secret: in no error
}

// NewPuma reaches the control app at controlURL: tcp://HOST:PORT, http://HOST:PORT
// or unix:///PATH, as --control-url has it.
func NewPuma(ctx context.Context, controlURL, token string) (*Puma, error) {
	u, err := url.Parse(controlURL)
	if err != nil || (u.Host == "" && u.Path == "") {
		return nil, fault.Usagef("puma's control URL is no tcp:// or unix:// address")
	}
	transport := &http.Transport{}
	p := &Puma{token: token, client: &http.Client{Transport: transport, Timeout: time.Minute}}
	switch u.Scheme {
	case "tcp", "http":
		p.base = "http://" + u.Host
	case "unix":
		path := u.Host + u.Path
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		}
		p.base = "http://puma"
	default:
		return nil, fault.Usagef("puma's control URL begins with %q, not tcp:// or unix://", short(u.Scheme))
	}
	if _, err := p.Read(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Name is "puma".
func (p *Puma) Name() string { return "puma" }

// Columns are the live objects of Ruby's heap.
func (p *Puma) Columns() []Column {
	return []Column{{Name: "live objects", Unit: "objects", Exact: true}}
}

// Read runs GC.start four times and reads GC.stat: old_objects, which have
// survived three collections, and remembered_wb_unprotected_objects, which
// never count as old. heap_live_slots would hold what the control app itself
// allocates in answering, 15 objects more or less.
func (p *Puma) Read(ctx context.Context) ([]float64, error) {
	for range 4 {
		if _, err := p.get(ctx, "/gc"); err != nil {
			return nil, err
		}
	}
	stats, err := p.get(ctx, "/gc-stats")
	if err != nil {
		return nil, err
	}
	sum := 0.0
	for _, name := range []string{"old_objects", "remembered_wb_unprotected_objects"} {
		v, err := jsonNumber(stats, name)
		if err == nil {
			err = checkValue(name, v)
		}
		if err != nil {
			return nil, fault.Measuref("puma's control app gave no %s", name).Because(err)
		}
		sum += v
	}
	return []float64{sum}, nil
}

// Close closes the connection.
func (p *Puma) Close() error {
	p.client.CloseIdleConnections()
	return nil
}

// get keeps the token out of every error: net/http's errors hold the URL.
func (p *Puma) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path+"?token="+url.QueryEscape(p.token), nil)
	if err != nil {
		return nil, fault.Measuref("puma's control URL cannot be used")
	}
	resp, err := p.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, fault.Measuref("puma's control app does not answer").Because(err).
			WithHint("Start puma with --control-url tcp://127.0.0.1:9293 --control-token TOKEN.")
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	switch {
	case err != nil:
		return nil, fault.Measuref("puma's control app broke off").Because(err)
	case resp.StatusCode == http.StatusForbidden:
		return nil, fault.Measuref("puma's control app refuses the token").WithHint("It must be the one of --control-token.")
	case resp.StatusCode != http.StatusOK:
		return nil, fault.Measuref("puma's control app answers %s with status %d", strings.TrimPrefix(path, "/"), resp.StatusCode)
	}
	return body, nil
}
