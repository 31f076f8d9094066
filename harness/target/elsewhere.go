package target

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
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
	// surely is how long it may do so at a port that its command line or its script names.
	surely = 2 * time.Second
	// likely is how long it may where nothing says that it knows of ${PORT}. A port for
	// metrics or a debugger may be opened first, while the application still loads.
	likely = 10 * time.Second
)

// lookout watches where a command listens that is not ready yet.
type lookout struct {
	c      *command
	child  *child
	at     *address // where it is meant to listen
	looked time.Time
	since  time.Time // when it was seen to listen elsewhere alone; zero: it does not
	other  address
	told   bool
}

// look notes where the command listens by now. Its error says that it listens
// elsewhere, and will not do otherwise.
func (l *lookout) look(now time.Time) error {
	if now.Sub(l.looked) < lookEvery {
		return nil
	}
	l.looked = now
	other, ok := elsewhere(*l.at, l.child)
	switch {
	case !ok:
		l.since = time.Time{}
		return nil
	case l.since.IsZero():
		l.since = now
	}
	l.other = other
	if other.network == "tcp" && portOf(other) == portOf(*l.at) {
		*l.at, l.since = other, time.Time{} // the right port, of another loopback address
		return nil
	}
	spent := now.Sub(l.since)
	if !l.told && spent >= tellAfter && l.c.opt.Note != nil {
		l.told = true
		l.c.opt.Note(l.found() + "; " + l.advice())
	}
	if limit := l.c.patience(other); limit > 0 && spent >= limit {
		return fault.Measuref("%s%s", l.found(), l.child.out.said()).WithHint("%s", l.hint())
	}
	return nil
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
	if l.other.network != "tcp" {
		return "let it listen on TCP, at ${PORT}, or start it by hand and set target.url: " + l.other.url
	}
	return fmt.Sprintf("write port: %s under target: where that is the application, or ${PORT} where the command is told its port", portOf(l.other))
}

// hint is the advice as a sentence; "" where the command listens nowhere else.
func (l *lookout) hint() string {
	if l.since.IsZero() {
		return ""
	}
	advice := l.advice()
	return strings.ToUpper(advice[:1]) + advice[1:] + "."
}

// patience is how long the command may listen elsewhere alone; 0: as long as it may
// take to be ready.
func (c *command) patience(other address) time.Duration {
	said := strings.Join(slices.Concat(c.argv, c.env), "\n")
	switch {
	case other.network != "tcp", c.port != 0:
		return 0
	case holds(said, portOf(other)):
		return surely
	case strings.Contains(said, "PORT"):
		return 0 // it knows of the port, and this one is another
	case c.written(portOf(other)):
		return surely
	}
	return likely
}

// holds is whether a text holds a number, and no longer one around it.
func holds(text, number string) bool {
	return regexp.MustCompile(`(^|[^0-9])` + number + `([^0-9]|$)`).MatchString(text)
}

// written is whether a script that the command runs holds the number of a port, and
// does not read the variable PORT.
func (c *command) written(port string) bool {
	for _, word := range c.argv {
		path := word
		if !filepath.IsAbs(path) {
			path = filepath.Join(whereabouts(c.dir), path)
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || info.Size() > mostScript {
			continue
		}
		text, err := os.ReadFile(path)
		if err == nil && holds(string(text), port) && !strings.Contains(string(text), "PORT") {
			return true
		}
	}
	return false
}

// elsewhere is where the command's processes listen, where nothing does at the
// address that was meant for it: a port was written into the command or its settings.
func elsewhere(at address, child *child) (address, bool) {
	own := child.processes()
	if len(at.listeners()) > 0 {
		return address{}, false
	}
	all, _, err := proc.Listeners()
	if err != nil {
		return address{}, false
	}
	slices.SortStableFunc(all, func(a, b proc.Listener) int { return preference(a) - preference(b) })
	mine := func(pid int) bool { return slices.Contains(own, pid) }
	for _, l := range all {
		other, ok := reachable(l)
		if ok && l.Addr.Port() != inspectorPort && slices.ContainsFunc(l.PIDs, mine) {
			return other, true
		}
	}
	return address{}, false
}

func portOf(at address) string {
	u, err := url.Parse(at.url)
	if err != nil {
		return ""
	}
	return u.Port()
}

// given is the address that the command is to listen at: that of target.port, or a
// free one.
func (c *command) given() (address, string, error) {
	port := strconv.Itoa(c.port)
	if c.port == 0 {
		var err error
		if port, err = freePort(); err != nil {
			return address{}, "", fault.Measuref("no free port on 127.0.0.1").Because(err)
		}
	}
	host := "127.0.0.1:" + port
	at := address{url: "http://" + host, network: "tcp", at: host, host: host}
	if c.port == 0 {
		return at, port, nil
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
		return at, port, fault.Measuref("%s listens at port %s already (target.port)", who, port).
			WithHint("End it first, or measure it as it runs: leakhunt run --target %s", at.url)
	}
	return at, port, nil // where it may not be bound by us, the command may say so itself
}
