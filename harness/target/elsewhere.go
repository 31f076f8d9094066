package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

const (
	// lookEvery is how often a command that is not ready is looked at, where it listens.
	lookEvery = 250 * time.Millisecond
	// tellAfter is how long it may listen elsewhere alone before that is told.
	tellAfter = time.Second
	// surely is how long it may do so, and rest, where the application answers there.
	surely = 2 * time.Second
	// likely is how long it may where nothing says that it knows of ${PORT}. A port for
	// metrics or a debugger may be opened first, while the application still loads.
	likely = 10 * time.Second
	// answerLimit is how long an answer from there may take.
	answerLimit = time.Second
)

// lookout watches where a command listens that is not ready yet.
type lookout struct {
	c      *command
	child  *child
	at     *address // where it is meant to listen
	looked time.Time
	since  time.Time // when it was seen to listen elsewhere alone; zero: it does not
	rests  time.Time // from when on it has done nothing beside
	asked  time.Time // when the application was asked for there
	other  address
	told   bool
}

// look notes where the command listens by now. Its error says that it listens
// elsewhere, and will not do otherwise.
//
// A port for metrics, a debugger or assets may be opened long before the one that is
// awaited. So the command is refused only where the application answers at the other
// port, and no process of the command has run for a while: nothing is loaded any more.
func (l *lookout) look(ctx context.Context, now time.Time) error {
	if now.Sub(l.looked) < lookEvery {
		return nil
	}
	l.looked = now
	others := elsewhere(*l.at, l.child)
	switch {
	case len(others) == 0:
		l.since = time.Time{}
		return nil
	case l.since.IsZero():
		l.since, l.rests = now, now
	}
	right := func(other address) bool { return other.network == "tcp" && portOf(other) == portOf(*l.at) }
	if i := slices.IndexFunc(others, right); i >= 0 {
		*l.at, l.since = others[i], time.Time{} // the right port, of another loopback address
		return nil
	}
	if !slices.Contains(others, l.other) {
		l.other = others[0]
	}
	if !l.told && now.Sub(l.since) >= tellAfter && l.c.opt.Note != nil {
		l.told = true
		l.c.opt.Note(l.found() + "; " + l.advice())
	}
	if slices.ContainsFunc(l.child.processes(), proc.Runs) {
		l.rests = now
	}
	if spent := now.Sub(l.rests); l.answered(ctx, others, now) || l.c.guesses(l.other) && spent >= likely {
		return fault.Measuref("%s%s", l.found(), l.child.out.said()).WithHint("%s", l.hint())
	}
	return nil
}

// answered is whether the application answers at one of the other addresses, which is
// then l.other. It is asked for while the command rests, and not often.
func (l *lookout) answered(ctx context.Context, others []address, now time.Time) bool {
	if now.Sub(l.rests) < surely || now.Sub(l.asked) < surely {
		return false
	}
	l.asked = now
	for _, other := range others {
		if header, err := get(ctx, other, l.c.telling(), other.client(), answerLimit); err == nil && !metrics(header) {
			l.other = other
			return true
		}
	}
	return false
}

// telling is a URI that the application answers: ready.uri, or the first that the
// scenario gets. What serves metrics or assets does not know that.
func (c *command) telling() string {
	if c.ready.URI != "" {
		return c.ready.URI
	}
	for _, u := range c.sc.URIs {
		if (u.Method == "" || u.Method == http.MethodGet) && !strings.Contains(u.URI, "{{") {
			return u.URI
		}
	}
	return "/"
}

// metrics is whether an answer is in Prometheus text, which some servers of it give
// for any URI.
func metrics(h http.Header) bool {
	kind := h.Get("Content-Type")
	return strings.HasPrefix(kind, "application/openmetrics-text") || strings.HasPrefix(kind, "text/plain") && strings.Contains(kind, "version=0.0.4")
}

// found says where the command listens.
func (l *lookout) found() string {
	given := "the free port that it was given, " + portOf(*l.at)
	if l.c.port != 0 {
		given = "port " + portOf(*l.at) + " (target.port)"
	}
	return fmt.Sprintf("the command listens at %s, and not at %s", l.other.url, given)
}

// advice says how the two come together.
func (l *lookout) advice() string {
	port := portOf(l.other)
	switch {
	case l.other.network != "tcp":
		return "let it listen on TCP, at ${PORT}, or start it by hand and set target.url: " + l.other.url
	case l.c.knows():
		return fmt.Sprintf("write port: %s under target: where that is the application, and the command without ${PORT}; where it is not, target.ready.uri says what the application alone answers", port)
	}
	return fmt.Sprintf("write port: %s under target: where that is the application, or ${PORT} where the command is told its port", port)
}

// hint is the advice as a sentence; "" where the command listens nowhere else.
func (l *lookout) hint() string {
	if l.since.IsZero() {
		return ""
	}
	advice := l.advice()
	return strings.ToUpper(advice[:1]) + advice[1:] + "."
}

// guesses is whether the port that a command listens at was taken for its own choice:
// nothing says that it knows of ${PORT}.
func (c *command) guesses(other address) bool {
	return other.network == "tcp" && c.port == 0 && !c.knows()
}

// knows is whether the command's line or a value of its environment speaks of PORT.
func (c *command) knows() bool {
	told := func(text string) bool { return strings.Contains(text, "PORT") }
	return slices.ContainsFunc(c.argv, told) || slices.ContainsFunc(c.env, func(e string) bool {
		_, value, _ := strings.Cut(e, "=")
		return told(value)
	})
}

// elsewhere is where the command's processes listen, where nothing does at the
// address that was meant for it: a port was written into the command or its settings.
// The application's own address is likely the first.
func elsewhere(at address, child *child) (others []address) {
	own := child.processes()
	all, _, err := proc.Listeners()
	if err != nil || len(at.holders(all)) > 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b proc.Listener) int { return preference(a) - preference(b) })
	mine := func(pid int) bool { return slices.Contains(own, pid) }
	for _, l := range all {
		other, ok := reachable(l)
		if ok && l.Addr.Port() != inspectorPort && slices.ContainsFunc(l.PIDs, mine) {
			others = append(others, other)
		}
	}
	return others
}

func portOf(at address) string {
	u, err := url.Parse(at.url)
	if err != nil {
		return ""
	}
	return u.Port()
}

// given is the address that the command is to listen at: that of target.port, or a
// free one, which is the command's until release is called.
func (c *command) given() (at address, port string, release func(), err error) {
	port, release = strconv.Itoa(c.port), func() {}
	if c.port == 0 {
		if port, release, err = freePort(); err != nil {
			return address{}, "", release, fault.Measuref("no free port on 127.0.0.1").Because(err)
		}
	}
	host := "127.0.0.1:" + port
	at = address{url: "http://" + host, network: "tcp", at: host, host: host}
	if c.port == 0 {
		return at, port, release, nil
	}
	l, err := net.Listen("tcp", host)
	if err == nil {
		err = l.Close()
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		who := "another process"
		if pids := at.listeners(); len(pids) > 0 {
			who = describe(pids[0])
		}
		return at, port, release, fault.Measuref("%s listens at port %s already (target.port)", who, port).
			WithHint("End it first, or measure it as it runs: leakhunt run --target %s", at.url)
	}
	return at, port, release, nil // where it may not be bound by us, the command may say so itself
}
