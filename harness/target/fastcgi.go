package target

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/scenarios"
)

// fastcgiTarget is the one worker of a FastCGI server such as php-fpm.
type fastcgiTarget struct {
	at       address
	protocol load.FastCGI
}

func openFastCGI(sc *scenarios.Scenario) (Target, error) {
	want := sc.Target.FastCGI
	if want == nil {
		return nil, fault.Usagef("target.fastcgi is empty")
	}
	at := address{network: "tcp", at: want.Address, host: "localhost", url: "fastcgi://" + want.Address}
	if path, ok := strings.CutPrefix(want.Address, "unix:"); ok {
		at = address{network: "unix", at: path, host: "localhost", url: "fastcgi+unix://" + path}
		if !filepath.IsAbs(path) {
			return nil, fault.Usagef("target.fastcgi.address %q names no socket", want.Address).
				WithHint("Write unix: and the socket's whole path: unix:/run/php/php8.2-fpm.sock.")
		}
	} else if _, _, err := net.SplitHostPort(want.Address); err != nil {
		return nil, fault.Usagef("target.fastcgi.address %q is no address", want.Address).
			WithHint("Write unix:/run/php/php8.2-fpm.sock or 127.0.0.1:9000.")
	}
	return &fastcgiTarget{at: at, protocol: load.FastCGI{Root: want.Root, Index: want.Index}}, nil
}

type fastcgiPinned struct {
	pinned
	protocol load.FastCGI
}

// Endpoint implements Pinned.
func (p *fastcgiPinned) Endpoint() load.Endpoint {
	ep := p.at.endpoint()
	ep.Protocol = p.protocol
	return ep
}

// Pin implements Target. A worker serves one connection at a time. So a pool of one
// worker leaves no doubt. In a larger one, each request might meet another worker.
func (t *fastcgiTarget) Pin(ctx context.Context) (Pinned, error) {
	at, err := t.at.local(ctx)
	if err != nil {
		return nil, err
	}
	if err := speaksFastCGI(ctx, at); err != nil {
		return nil, err
	}
	p := &fastcgiPinned{pinned: pinned{at: at}, protocol: t.protocol}
	if p.id, err = at.answers(ctx); err != nil {
		return nil, err
	}
	what := Identify(p.id.PID)
	p.parent, _ = proc.Parent(p.id.PID)
	p.info = Info{Kind: "fastcgi", PID: p.id.PID, App: fpmPool(p.id.PID), URL: at.url, Server: what.Server, Runtime: what.Runtime}
	pool := ""
	if p.info.App != "" {
		pool = " of the pool " + p.info.App
	}
	others := at.siblings(p.id)
	if most := fpmSettings(p.id.PID)["pm.max_children"]; len(others) == 0 && most != "" && most != "1" {
		return nil, fault.Measuref("%s workers%s may answer at %s (pm.max_children)", most, pool, at.url).
			WithHint("%s %s", what.single(), what.lasting())
	} else if len(others) == 0 && most == "" {
		if others, err = at.grows(ctx, p.id); err != nil {
			return nil, err
		}
	}
	if len(others) > 0 {
		return nil, fault.Measuref("%d workers%s answer at %s (%s)", len(others)+1, pool, at.url, describeAll(append(others, p.id))).
			WithHint("%s %s", what.single(), what.lasting())
	}
	return p, nil
}

// growLimit is how long a server is given to start another worker while its
// only one is busy: php-fpm with pm = ondemand does so at once, with pm =
// dynamic within the second after which it looks (fpm_process_ctl.c,
// FPM_IDLE_SERVER_MAINTENANCE_HEARTBEAT).
const growLimit = 1500 * time.Millisecond

// grows keeps the only worker busy and looks who takes another connection.
func (a address) grows(ctx context.Context, first proc.ID) ([]proc.ID, error) {
	busy, err := a.opened(ctx)
	if err != nil {
		return nil, a.refused(err)
	}
	defer busy.Close()
	next, err := a.opened(ctx)
	if err != nil {
		return nil, a.refused(err)
	}
	defer next.Close()
	brief, cancel := context.WithTimeout(ctx, growLimit)
	defer cancel()
	id, err := proc.Serving(brief, next, family(first.PID)...)
	if err == nil && id != first {
		return []proc.ID{id}, nil
	}
	return nil, ctx.Err()
}

// speaksFastCGI asks for the server's limits (FCGI_GET_VALUES, section 4.1 of
// the specification), which reaches no application.
func speaksFastCGI(ctx context.Context, at address) error {
	const version, getValues, result = 1, 9, 10
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	conn, err := at.dial(ctx)
	if err != nil {
		return at.refused(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(dialLimit))
	const name = "FCGI_MPXS_CONNS"
	ask := []byte{version, getValues, 0, 0, 0, 0, 0, 0, byte(len(name)), 0}
	binary.BigEndian.PutUint16(ask[4:], uint16(len(name)+2))
	if _, err = conn.Write(append(ask, name...)); err == nil {
		var head [8]byte
		_, err = io.ReadFull(conn, head[:])
		if err == nil && (head[0] != version || head[1] != result) {
			return fault.Measuref("what answers at %s does not speak FastCGI", at.url).
				WithHint("Is it an HTTP server? Then use target.url.")
		}
	}
	var timeout net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &timeout) && timeout.Timeout():
		return fault.Measuref("%s takes connections and answers no FastCGI within %s", at.url, dialLimit).
			WithHint("All its workers may be busy: end other clients. An HTTP server is named by target.url.")
	}
	return fault.Measuref("what answers at %s does not speak FastCGI, or refuses this client", at.url).Because(err).
		WithHint("php-fpm takes the clients of listen.allowed_clients only; an HTTP server is named by target.url.")
}
