package target

import (
	"context"
	"net/http"
	"os"
	"slices"

	"leakhunt/harness/fault"
)

// standalone starts the command, a Passenger Standalone, with an instance
// registry of its own, and lets it start the application. The registry's path
// is short: Unix sockets are made in it, whose paths have at most 107 bytes.
func (p *passengerPinned) standalone(ctx context.Context) error {
	c := p.target.command
	at, port, release, err := c.given()
	if err != nil {
		return err
	}
	defer release()
	if p.private, err = os.MkdirTemp("", "leakhunt-"); err != nil {
		return fault.Measuref("no folder for Passenger's instance registry").Because(err)
	}
	// An application may run as another user, who must get in.
	if err := os.Chmod(p.private, 0o755); err != nil {
		return fault.Measuref("no folder for Passenger's instance registry").Because(err)
	}
	r, err := c.run(port)
	if err != nil {
		return err
	}
	r.env = merge(r.env, "PASSENGER_INSTANCE_REGISTRY_DIR="+p.private, "TMPDIR="+p.private)
	r.scratch = append(slices.Clone(r.scratch), p.private)
	p.info.Settings = r.settings
	if p.child, err = r.start(); err != nil {
		return fault.Measuref("the command %q cannot be started", r.argv[0]).Because(err).
			WithHint("It is run in %s, and looked up in PATH unless it holds a slash.", whereabouts(r.dir))
	}
	if err := c.await(ctx, &at, p.child); err != nil {
		return err
	}
	return p.wake(ctx, at)
}

// wake sends one request through the web server where the command was only
// asked to accept connections: Standalone may start the application on demand.
func (p *passengerPinned) wake(ctx context.Context, at address) error {
	if p.target.command.ready.URI != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.target.command.ready.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.url+"/", nil)
	if err != nil {
		return fault.Measuref("%s", at.url).Because(err)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return fault.Measuref("Passenger Standalone does not answer at %s", at.url).Because(err)
	}
	return resp.Body.Close()
}
