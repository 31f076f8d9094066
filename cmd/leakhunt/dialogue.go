package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"leakhunt/scenarios"
)

// dialogue asks a person on a terminal.
type dialogue struct {
	ctx     context.Context
	answers <-chan string // closed where the input ends
	out     io.Writer
}

// newDialogue reads answers from in, a line each. Reading goes on beside the
// dialogue, since nothing else ends a read from a terminal: ctx ends a question.
func newDialogue(ctx context.Context, in io.Reader, out io.Writer) *dialogue {
	answers := make(chan string)
	go func() {
		defer close(answers)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			select {
			case answers <- strings.TrimSpace(lines.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	return &dialogue{ctx, answers, out}
}

// question puts the answer into dst, and asks again while check refuses it.
// The answer is "" where the person just pressed return, or ended the input.
func (d *dialogue) question(text string, dst *string, check func() error) error {
	for {
		fmt.Fprint(d.out, text+" ")
		select {
		case *dst = <-d.answers:
		case <-d.ctx.Done():
			fmt.Fprintln(d.out)
			return d.ctx.Err()
		}
		if *dst == "" {
			return nil
		}
		err := check()
		if err == nil {
			return nil
		}
		fmt.Fprintln(d.out, "  "+objection(err))
		*dst = ""
	}
}

// objection is what is wrong with an answer, without the place in a file that
// is not written yet.
func objection(err error) string {
	var found *scenarios.Errors
	if !errors.As(err, &found) || len(found.Problems) == 0 {
		return err.Error()
	}
	return found.Problems[0].Message + ": " + found.Problems[0].Fix
}
