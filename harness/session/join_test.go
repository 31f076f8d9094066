package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"leakhunt/harness/session"
	"leakhunt/harness/session/sessiontest"
)

// failing is a counter that cannot be read, nor closed.
type failing struct{ hook }

func (failing) Read(context.Context) ([]float64, error) { return nil, errors.New("no answer") }
func (failing) Close() error                            { return errors.New("still open") }

func TestJoin(t *testing.T) {
	if session.Join() != nil || session.Join(nil, nil) != nil {
		t.Error("a counter of none")
	}
	p := sessiontest.New(t, keeps(0))
	p.Live = 7
	counter, tracer := sessiontest.Counter{P: p}, &sessiontest.Tracer{Counter: sessiontest.Counter{P: p}}
	if one := session.Join(nil, counter); one != session.Counter(counter) {
		t.Errorf("one counter became %T", one)
	}
	for _, j := range []session.Counter{session.Join(hook{}, counter), session.Join(hook{}, nil, tracer)} {
		v, err := j.Read(t.Context())
		if err != nil || !slices.Equal(v, []float64{7}) || j.Name() != "agent" || !slices.Equal(j.Columns(), counter.Columns()) {
			t.Errorf("%s %v: %v, %v", j.Name(), j.Columns(), v, err)
		}
	}
	if _, ok := session.Join(hook{}, tracer).(session.Tracer); !ok {
		t.Error("a tracer among others does not trace")
	}
	if _, ok := session.Join(hook{}, counter).(session.Tracer); ok {
		t.Error("a tracer where there is none")
	}
	hooks := session.Join(hook{}, hook{})
	if v, err := hooks.Read(t.Context()); err != nil || len(v) != 0 || hooks.Name() != "hook" || len(hooks.Columns()) != 0 {
		t.Errorf("%v, %v", v, err)
	}
	bad := session.Join(counter, failing{})
	if v, err := bad.Read(t.Context()); err == nil || v != nil || bad.Close() == nil {
		t.Errorf("%v, %v", v, err)
	}
}
