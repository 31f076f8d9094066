package passenger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/guard"
	"leakhunt/harness/units"
)

// commandWithin bounds a status command, which may have to start a container's
// shell.
const commandWithin = 30 * time.Second

// mostComplaint is what is taken of what sudo may complain of, in bytes.
const mostComplaint = 64 << 10

// mostOutput bounds what it prints: some 1,000 processes.
const mostOutput = 4 << 20

var errOutput = errors.New("it prints without end")

// most takes so many bytes, and lets the rest go by; over is called for it.
type most struct {
	b    *bytes.Buffer
	left int
	over func()
}

func (m *most) Write(p []byte) (int, error) {
	n := min(len(p), m.left)
	if n < len(p) {
		m.over()
	}
	m.left -= n
	m.b.Write(p[:n])
	return len(p), nil
}

// FromCommand runs a command that prints what passenger-status --verbose does,
// as XML or as text: sudo, docker exec, cat of a saved file.
func FromCommand(ctx context.Context, argv []string) (Instance, error) {
	if len(argv) == 0 {
		return Instance{}, fault.Usagef("status_command is empty")
	}
	ctx, cancel := context.WithTimeout(ctx, commandWithin)
	defer cancel()
	var out, complaints bytes.Buffer
	// What is too much is no status: nobody waits for its end.
	ctx, tooMuch := context.WithCancelCause(ctx)
	defer tooMuch(nil)
	over := func() { tooMuch(fmt.Errorf("%w: more than %s", errOutput, units.Bytes(mostOutput))) }
	err := guard.Command{
		Argv: argv, Stdout: &most{&out, mostOutput, over}, Stderr: &most{&complaints, mostComplaint, func() {}},
		Terminal: true, // sudo may ask for a password
	}.Run(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if errors.Is(err, errOutput) {
		return Instance{}, commandFailed(argv[0], err, nil, "")
	}
	in, perr := Parse(out.Bytes())
	if perr == nil && err == nil {
		return in, nil
	}
	if perr != nil && complaint(complaints.String()) != nil {
		perr = complaint(complaints.String())
	}
	return Instance{}, commandFailed(argv[0], err, perr, firstLine(complaints.String()))
}

func commandFailed(name string, err, perr error, said string) error {
	failed := fault.Measuref("status_command (%s) told nothing of Passenger", name)
	switch {
	case errors.Is(perr, ErrNoInstance):
		return failed.Because(perr).WithHint("Start the web server; in a container, let status_command run passenger-status there (docker exec).")
	case errors.Is(perr, ErrManyInstances):
		return failed.Because(perr).WithHint("Name the instance at the end of status_command.")
	case errors.Is(perr, ErrDenied):
		return failed.Because(perr).WithHint("Begin status_command with sudo.")
	case err != nil && said != "":
		return failed.Because(fmt.Errorf("%w: %s", err, said)).WithHint(byHand)
	case err != nil:
		return failed.Because(err).WithHint(byHand)
	}
	return failed.Because(perr).
		WithHint("It must print what passenger-status --show=xml --verbose prints.")
}

const byHand = "Run it by hand: it must print what passenger-status --show=xml --verbose prints."

// firstLine is the first line, at most 200 bytes of it.
func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s[:min(len(s), 200)]
}
