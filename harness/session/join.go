package session

import (
	"context"
	"errors"
	"slices"

	"leakhunt/harness/runtimes"
)

// Join is one Counter of several, read in order: hooks that settle come first.
// It traces where one of them does. Those that are nil are left out; Join is
// nil where all are.
func Join(counters ...Counter) Counter {
	var all joined
	for _, c := range counters {
		if c != nil {
			all = append(all, c)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	for _, c := range all {
		if t, ok := c.(Tracer); ok {
			return tracedJoin{all, t}
		}
	}
	return all
}

type joined []Counter

type tracedJoin struct {
	joined
	Tracer
}

// Name is the first one's that counts anything.
func (j joined) Name() string {
	i := max(0, slices.IndexFunc(j, func(c Counter) bool { return len(c.Columns()) > 0 }))
	return j[i].Name()
}

// Columns are all columns, in order.
func (j joined) Columns() (all []runtimes.Column) {
	for _, c := range j {
		all = append(all, c.Columns()...)
	}
	return all
}

// Read reads all of them, in order.
func (j joined) Read(ctx context.Context) (all []float64, err error) {
	for _, c := range j {
		v, err := c.Read(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, v...)
	}
	return all, nil
}

// Close closes all of them.
func (j joined) Close() error {
	var errs []error
	for _, c := range j {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
