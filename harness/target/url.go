package target

import (
	"context"

	"leakhunt/scenarios"
)

// openURL is a target that runs already: the process that answers at a URL.
func openURL(t *scenarios.Target) (Target, error) {
	at, err := parseURL(t.URL, t.Insecure)
	if err != nil {
		return nil, err
	}
	return &urlTarget{at: at, pid: t.PID}, nil
}

type urlTarget struct {
	at  address
	pid int // 0: whoever answers
}

// Pin implements Target.
func (t *urlTarget) Pin(ctx context.Context) (Pinned, error) {
	at, err := t.at.local(ctx)
	if err != nil {
		return nil, err
	}
	p := &pinned{at: at, probe: "/", info: Info{Kind: "url", URL: at.url}}
	var likely []int
	if t.pid != 0 {
		likely = family(t.pid)
	}
	first, err := at.answers(ctx, likely...)
	if err != nil {
		return nil, err
	}
	if err := p.choose(ctx, first, t.pid); err != nil {
		return nil, err
	}
	return p, nil
}

var _ Pinned = (*pinned)(nil)
