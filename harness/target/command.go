package target

import (
	"context"
	"errors"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"leakhunt/harness/claim"
	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// command is a target that is started for the run, on a free port.
type command struct {
	kind    string
	argv    []string
	dir     string
	env     []string // of the scenario
	port    int      // that it listens on by itself; 0: it is given a free one
	ready   scenarios.Ready
	tighten bool
	sc      *scenarios.Scenario
	opt     Options
}

// demoRate has the demo sample its heap as it does from its first request on. What is
// made before, by a program that has much besides the demo in it, stands in every heap
// profile else: 1.9 MB of text, which take longer to write than all requests.
const demoRate = "GODEBUG=memprofilerate=16384"

func openCommand(sc *scenarios.Scenario, argv []string, opt Options) *command {
	t := &sc.Target
	dir, env := beside(sc, t.Dir), t.Env
	if t.Kind == "demo" {
		dir = "" // it belongs to this program, not to the scenario
		env = append([]string{demoRate}, env...)
	}
	ready := t.Ready
	if ready.Timeout <= 0 {
		ready.Timeout = 60 * time.Second
	}
	return &command{
		kind: t.Kind, argv: argv, dir: dir, env: env, port: t.Port,
		ready: ready, tighten: t.Tighten || t.Kind == "demo", sc: sc, opt: opt,
	}
}

// started is a pinned process that was started for the run.
type started struct {
	pinned
	command *command
	next    []*coming // those that were prepared, in order
}

var _ Restarter = (*started)(nil)

// Pin implements Target.
func (c *command) Pin(ctx context.Context) (Pinned, error) {
	s := &started{command: c}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Restart implements Restarter.
func (s *started) Restart(ctx context.Context) error {
	restarts := s.info.Restarts
	next := s.take()
	if err := s.pinned.Close(); err != nil {
		return err
	}
	if next != nil && next.Check(ctx, nil) == nil {
		s.pinned = next.pinned
	} else {
		if next != nil {
			next.pinned.Close() //nolint:errcheck // it always works
		}
		if err := s.begin(ctx); err != nil {
			return err
		}
	}
	s.info.Restarts = restarts + 1
	return nil
}

// begin starts the command and pins the process that answers. A port that was
// free a moment ago may be taken by somebody else: once, it tries another.
func (s *started) begin(ctx context.Context) error {
	err := s.try(ctx)
	var taken *portTaken
	if errors.As(err, &taken) {
		err = s.try(ctx)
	}
	if errors.As(err, &taken) {
		return taken.error
	}
	return err
}

// try is begin with one port. Whatever it started is ended where it fails.
func (s *started) try(ctx context.Context) error {
	c := s.command
	at, port, release, err := c.given()
	if err != nil {
		return err
	}
	defer release() // by then it listens, or has not come up
	r, err := c.run(port)
	if err != nil {
		return err
	}
	child, err := r.start()
	if err != nil {
		return fault.Measuref("the command %q cannot be started", r.argv[0]).Because(err).
			WithHint("It is run in %s, and looked up in PATH unless it holds a slash.", whereabouts(r.dir))
	}
	probe := c.ready.URI
	if probe == "" {
		probe = "/"
	}
	s.pinned = pinned{at: at, probe: probe, child: child, info: Info{Kind: c.kind, URL: at.url, Settings: r.settings}}
	if err := s.pin(ctx); err != nil {
		child.Close()
		return err
	}
	return nil
}

func (s *started) pin(ctx context.Context) error {
	c := s.command
	first, err := c.first(ctx, &s.at, s.child)
	if err != nil {
		return err
	}
	s.info.URL = s.at.url
	if !slices.Contains(s.child.processes(), first.PID) {
		return &portTaken{fault.Measuref("%s answers at %s, which is none of the command's processes", describe(first.PID), s.at.url).
			WithHint("Let the command listen on the port that it is given: ${PORT} in command:, or the variable PORT.")}
	}
	return s.choose(ctx, first, 0)
}

// portTaken says that another process was quicker to listen on the port.
type portTaken struct{ error }

func (e *portTaken) Unwrap() error { return e.error }

// run fills in the port and makes the environment: ours, then what the scenario
// says, then tight settings, then what an agent needs.
func (c *command) run(port string) (r run, err error) {
	fill := func(text string) string { return strings.ReplaceAll(text, "${PORT}", port) }
	r = run{dir: c.dir, stop: unix.SIGTERM, scratch: c.opt.Scratch, stdout: c.opt.Stdout, stderr: c.opt.Stderr}
	for _, arg := range c.argv {
		r.argv = append(r.argv, fill(arg))
	}
	if len(r.argv) == 0 || r.argv[0] == "" {
		return run{}, fault.Usagef("target.command is empty")
	}
	if info, err := os.Stat(whereabouts(c.dir)); err != nil || !info.IsDir() {
		return run{}, fault.Measuref("there is no folder %s to run the command in", whereabouts(c.dir)).
			WithHint("target.dir is relative to the scenario's own folder.")
	}
	r.env = append(os.Environ(), "PORT="+port)
	for _, e := range c.env {
		name, value, _ := strings.Cut(e, "=")
		r.env = append(slices.DeleteFunc(r.env, func(have string) bool { return strings.HasPrefix(have, name+"=") }), name+"="+fill(value))
	}
	what := Recognise(r.argv, whereabouts(c.dir))
	if what.Server == "uwsgi" {
		r.stop = unix.SIGINT // SIGTERM reloads
	}
	if c.tighten {
		r.settings = tighten(wanted(what.Runtime, r.argv, r.dir, r.env, c.sc), r.env, r.argv)
	}
	extra := c.opt.ExtraEnv
	if confined(r.argv, r.env) {
		r.settings, extra = withoutModules(r.settings), withoutModules(extra)
	}
	if names(r.settings) {
		if r.module, err = lend(); err != nil {
			r.settings = withoutModules(r.settings)
		}
	}
	r.env = merge(merge(r.env, r.settings...), extra...)
	return r, nil
}

func whereabouts(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// freePort is a TCP port of 127.0.0.1 that nobody listened on just now, and that no other
// leakhunt takes before release is called.
func freePort() (port string, release func(), err error) {
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", func() {}, err
		}
		port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
		release, ok := claim.Port(port)
		_ = l.Close() // the command is to bind it
		if ok {
			return port, release, nil
		}
	}
}

// inUse is how servers say that their port is taken.
var inUse = regexp.MustCompile(`(?i)address already in use|EADDRINUSE|address in use|port .{0,20}in use`)

// over says that the command has ended before it was ready, or nil. It then ends
// what the command has left behind.
func (c *child) over() error {
	how := c.How(c.PID, 0)
	select {
	case <-c.Done:
	default:
		if how == "" || how == "with exit status 0" { // 0: it may have gone into the background
			return nil
		}
		c.Close() // the news of its end may overtake what it said
	}
	e := fault.Measuref("the command ended %s before it was ready%s", how, c.out.said())
	if inUse.MatchString(c.out.text()) {
		return &portTaken{e.WithHint("Let the command listen on the port that it is given: ${PORT} in command:, or the variable PORT.")}
	}
	if len(c.settings) > 0 {
		return e.WithHint("Run the command by hand in target.dir, with PORT set, to see what is missing. If it starts there, a setting that leakhunt adds may end it: try target.tighten: false.")
	}
	return e.WithHint("Run the command by hand in target.dir, with PORT set, to see what is missing.")
}
