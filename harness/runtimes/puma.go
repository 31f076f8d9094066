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
	"leakhunt/harness/proc"
)

// Puma reads a puma process in single mode through its control app (puma,
// lib/puma/app/status.rb). In cluster mode the control app acts on the master
// alone, which serves nothing.
type Puma struct {
	client *http.Client
	base   string // without a trailing slash
	token  string // a secret: in no error
}

// NewPuma reaches the control app of process pid at controlURL: tcp://HOST:PORT,
// http://HOST:PORT or unix:///PATH, as --control-url has it. That of any other
// process counts what this one never made.
func NewPuma(ctx context.Context, controlURL, token string, pid int) (*Puma, error) {
	u, err := url.Parse(controlURL)
	if err != nil || (u.Host == "" && u.Path == "") {
		return nil, fault.Usagef("puma's control URL is no tcp:// or unix:// address")
	}
	transport := &http.Transport{}
	p := &Puma{token: token, client: &http.Client{Transport: transport, Timeout: time.Minute}}
	network, address := "tcp", u.Host
	p.base = "http://" + u.Host
	switch u.Scheme {
	case "tcp", "http":
	case "unix":
		network, address = "unix", u.Host+u.Path
		p.base = "http://puma"
	default:
		return nil, fault.Usagef("puma's control URL begins with %q, not tcp:// or unix://", short(u.Scheme))
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
	transport.DialContext = dial
	if _, err := p.Read(ctx); err != nil {
		return nil, err
	}
	if other := serving(ctx, dial, pid); other > 0 && other != pid {
		return nil, fault.Measuref("puma's control app is that of process %d, and process %d serves the requests", other, pid).
			WithHint("In cluster mode it acts on the master alone: run puma with -w 0, or load the agent (leakhunt agent ruby).")
	}
	return p, nil
}

// serving is the process at the other end, 0 where that cannot be told.
func serving(ctx context.Context, dial func(context.Context, string, string) (net.Conn, error), likely int) int {
	conn, err := dial(ctx, "", "")
	if err != nil {
		return 0
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	// Who accepts a connection is known once it has read something.
	if _, err := io.WriteString(conn, "GET /stats HTTP/1.1\r\n"); err != nil {
		return 0
	}
	id, err := proc.Serving(ctx, conn, likely)
	if err != nil {
		return 0
	}
	return id.PID
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
			return nil, fault.Measuref("puma's control app gave no %s", name).Because(err).
				WithHint("Is control_url the address of --control-url, and not the application's?")
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
