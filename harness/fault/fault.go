// Package fault is the kind of error a user reads: what went wrong, whose turn
// it is, and what to do next.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what an error means for the run. The exit code follows from it,
// in cmd/leakhunt alone.
type Kind int

const (
	// Internal is an error of leakhunt itself.
	Internal Kind = iota
	// Usage is a wrong command line or scenario: nothing was sent.
	Usage
	// Measure is a target that could not be measured: not found, not ready,
	// gone, replaced, or answering with errors.
	Measure
)

// Error is an error with its kind and the next step for the reader.
type Error struct {
	Kind Kind
	Msg  string // without a final full stop
	Hint string // the next step, as a sentence; may be empty
	Err  error  // the cause; may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Usagef is a Usage error.
func Usagef(format string, args ...any) *Error { return build(Usage, format, args) }

// Measuref is a Measure error.
func Measuref(format string, args ...any) *Error { return build(Measure, format, args) }

func build(k Kind, format string, args []any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: k, Msg: err.Error(), Err: nil}
}

// WithHint returns e with the next step for the reader.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// Because returns e with its cause, which its text then ends with.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// KindOf is the kind of the first Error in err's chain, Internal without one.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// HintOf is the first hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
