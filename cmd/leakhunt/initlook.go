package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"leakhunt/report"
	"leakhunt/scenarios"
	"leakhunt/scenarios/project"
)

// proposal is a target that was found.
type proposal struct {
	project.Guess
	elsewhere bool // it runs, in another folder than this one
}

func (p proposal) String() string {
	if p.Pin.URL != "" && strings.HasPrefix(p.Name, p.Pin.URL) {
		return p.Name
	}
	return fmt.Sprintf("%s (%s): %s", p.Name, p.Why, p.what())
}

// what is the command of the proposal, or its URL.
func (p proposal) what() string {
	if p.Pin.URL != "" {
		return p.Pin.URL
	}
	return report.ShellLine(append(slices.Clone(p.Pin.Env), p.Pin.Command...)...)
}

// mostListeners is how many of those that listen are proposed.
const mostListeners = 6

// proposals are what the current folder and this machine have, the likeliest first.
func (a *app) proposals(ctx context.Context) (found []proposal) {
	for _, g := range project.Look(os.DirFS(".")) {
		found = append(found, proposal{Guess: g})
	}
	list, err := a.list(ctx)
	if err != nil {
		return found
	}
	n := 0
	for _, e := range list {
		pin := scenarios.Pin{URL: "http://" + e.Address}
		switch {
		case e.Problem != "" || e.Protocol != "http" || n == mostListeners:
			continue
		case e.Server == "passenger":
			pin = scenarios.Pin{Passenger: e.App}
		case strings.HasPrefix(e.Address, "unix:"):
			pin.URL = "http+unix://" + strings.TrimPrefix(e.Address, "unix:")
		}
		if slices.ContainsFunc(found, func(p proposal) bool {
			return p.Pin.URL == pin.URL && p.Pin.Passenger == pin.Passenger && len(p.Pin.Command) == 0
		}) {
			continue
		}
		n++
		g := project.Guess{Name: fmt.Sprintf("%s, which runs: %s in %s, pid %d", pin.URL, e.Server, e.App, e.PID), Pin: pin}
		if pin.Passenger != "" {
			g = project.Guess{Name: "the Passenger application " + e.App, Why: fmt.Sprintf("pid %d", e.PID), Pin: pin}
		}
		found = append(found, proposal{Guess: g, elsewhere: !runsHere(e.PID)})
	}
	return found
}

// runsHere says that a process has this folder as its own, or one below.
func runsHere(pid int) bool {
	here, err := os.Getwd()
	if err != nil || here == "/" {
		return false
	}
	there, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	return err == nil && (there == here || strings.HasPrefix(there, here+"/"))
}

// probeTime is how long a target may take for one answer.
const probeTime = 3 * time.Second

// probe says what is wrong with a first scenario on this machine now: each a
// sentence. Only GET is sent.
func (a *app) probe(ctx context.Context, f *scenarios.First) (wrong []string) {
	if missing := missingProgram(&f.Pin); missing != "" {
		return []string{missing}
	}
	if f.URL == "" {
		return nil
	}
	if !listening(ctx, f.URL) {
		return []string{"nobody listens at " + f.URL + " now: start the application before the run"}
	}
	client := http.Client{
		Timeout:       probeTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dial(ctx, f.URL)
		}},
	}
	base := f.URL
	if strings.HasPrefix(base, "http+unix:") {
		base = "http://localhost"
	}
	for _, line := range f.URIs {
		method, uri, err := scenarios.ParseRequestLine(line)
		if err != nil || method != http.MethodGet || strings.Contains(uri, "{{") {
			continue
		}
		if text := get(ctx, &client, strings.TrimSuffix(base, "/")+uri); text != "" {
			wrong = append(wrong, uri+" "+text)
		}
	}
	return wrong
}

// get is what is wrong with the answer of an address, or "".
func get(ctx context.Context, c *http.Client, address string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "cannot be asked for"
	}
	req.Header.Set("User-Agent", "leakhunt")
	resp, err := c.Do(req)
	if err != nil {
		return "is not answered now"
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if resp.StatusCode >= http.StatusBadRequest {
		return "answers " + resp.Status + " now; a run needs 2xx or 3xx, unless expect: says otherwise"
	}
	return ""
}

// listening is whether somebody accepts connections at a URL.
func listening(ctx context.Context, address string) bool {
	conn, err := dial(ctx, address)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// dial connects to where a URL points at.
func dial(ctx context.Context, address string) (net.Conn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if u.Scheme == "http+unix" {
		return new(net.Dialer).DialContext(ctx, "unix", u.Path)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
}
