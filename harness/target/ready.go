package target

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// await waits until a started command is ready: it accepts connections, and
// answers ready.uri, where that is given, with a status of 2xx or 3xx, which is
// what Kubernetes takes for ready too. A 404 is not: it would hide a wrong path
// behind a run that measures nothing.
func (c *command) await(ctx context.Context, at address, child *child) error {
	client := http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return at.dial(ctx) },
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	began := time.Now()
	told := began
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		why := c.ask(ctx, at, &client)
		if why == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := child.over(); err != nil {
			return err
		}
		spent := time.Since(began)
		if spent > c.ready.Timeout {
			err := fault.Measuref("the command was not ready within %s: %s%s", c.ready.Timeout, why, child.out.said())
			if other := elsewhere(at, child); other != "" {
				return err.WithHint("It listens at %s instead: write ${PORT} where it is told its port, since leakhunt chooses a free one.", other)
			}
			return err.WithHint("Raise target.ready.timeout, or look whether the command listens on ${PORT} and answers target.ready.uri.")
		}
		if time.Since(told) > 5*time.Second && c.opt.Note != nil {
			told = time.Now()
			note := fmt.Sprintf("waiting for the command to be ready, %d s of %d s: %s", int(spent.Seconds()), int(c.ready.Timeout.Seconds()), why)
			if other := elsewhere(at, child); other != "" {
				note += ", but at " + other
			}
			c.opt.Note(note)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-child.done:
		case <-time.After(wait):
		}
	}
}

// elsewhere is where the command's processes listen, where nothing does at the
// address that was meant for it, and else "": a port was written into the command
// or its settings.
func elsewhere(at address, child *child) string {
	own := child.processes()
	if len(at.listeners()) > 0 {
		return ""
	}
	all, _, err := proc.Listeners()
	if err != nil {
		return ""
	}
	mine := func(pid int) bool { return slices.Contains(own, pid) }
	for _, l := range all {
		if other, ok := reachable(l); ok && slices.ContainsFunc(l.PIDs, mine) {
			return other.url
		}
	}
	return ""
}

// ask returns nil where the command is ready, and otherwise says what it is
// like now.
func (c *command) ask(ctx context.Context, at address, client *http.Client) error {
	ctx, cancel := context.WithTimeout(ctx, min(dialLimit, c.ready.Timeout))
	defer cancel()
	if c.ready.URI == "" {
		conn, err := at.dial(ctx)
		if err != nil {
			return fmt.Errorf("nothing accepts connections at %s", at.at)
		}
		return conn.Close()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.host+c.ready.URI, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "leakhunt")
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("GET %s has no answer", c.ready.URI)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return fmt.Errorf("GET %s answers %s", c.ready.URI, resp.Status)
	}
	return nil
}
