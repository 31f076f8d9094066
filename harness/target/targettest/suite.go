package targettest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
)

// Subject is one way to run the fixture application and to pin a process of it.
type Subject struct {
	// Open starts the application, where its target does not, and returns the
	// target. What it starts ends with the test. It is called many times.
	Open func(t *testing.T) Fixture
	// KeepsAlive: the server keeps a connection after an answer.
	KeepsAlive bool
	// Owned: the target started the process, and Close ends it. A process that
	// is not owned outlives Close.
	Owned bool
	// Status: the target is the process's parent, or its guard is, and so
	// learns how it ended.
	Status bool
	// Replaced: its fixtures can Replace the process. Zombies: they can leave
	// it a Zombie.
	Replaced, Zombies bool
}

// Fixture is a target with what the suite may do to its application.
type Fixture struct {
	Target target.Target
	// Secrets appear in nothing that the target says.
	Secrets []string
	// Replace ends the pinned process and returns when another answers in its
	// place.
	Replace func(t *testing.T, p target.Pinned)
	// Zombie ends the process and leaves it a zombie until the test ends.
	Zombie func(t *testing.T, pid int)
}

// Run is the conformance suite: what every target promises, whatever it pins.
func Run(t *testing.T, s Subject) {
	for name, steps := range s.lives() {
		t.Run(name, func(t *testing.T) {
			fx := s.Open(t)
			if (fx.Replace != nil) != s.Replaced || (fx.Zombie != nil) != s.Zombies {
				t.Fatal("Subject.Replaced and Zombies must say what its fixtures can do")
			}
			sockets := openSockets(t)
			p, err := fx.Target.Pin(t.Context())
			if err != nil {
				t.Fatalf("Pin: %v (%s)", err, fault.HintOf(err))
			}
			tr := &trial{ctx: t.Context(), subject: s, fixture: fx, pinned: p, sockets: sockets, client: load.New(p.Endpoint(), false)}
			t.Cleanup(func() {
				tr.client.Close()
				if err := p.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			for _, step := range steps {
				if !t.Run(step.name, func(t *testing.T) { step.test(t, tr) }) {
					return
				}
			}
			tr.says(t, fmt.Sprintf("%+v", p.Info()))
		})
	}
}

type step struct {
	name string
	test func(*testing.T, *trial)
}

// lives are the steps of the suite, those of one name on one pinned process and in
// this order. Starting a server takes far longer than most steps: those that the
// process survives share it, and so do all of a target that can restart it.
func (s Subject) lives() map[string][]step {
	kill, crash := step{"a kill is noticed", killNoticed}, step{"a crash is noticed", crashNoticed}
	lives := map[string][]step{"serves": {
		{"pins one process", pinsOne},
		{"every request reaches it, and only it", reachesOnlyIt},
		{"requests arrive whole", requestsArrive},
		{"answers arrive whole", answersArrive},
		{"a stop is seen, until it goes on", stopSeen},
		{"closing leaves nothing behind", closesClean},
	}}
	if s.Owned {
		lives["ends"] = []step{{"a restart is a fresh process", restarts}, kill, crash}
	} else {
		lives["is killed"], lives["crashes"] = []step{kill}, []step{crash}
	}
	if s.Replaced {
		lives["is replaced"] = []step{{"a replacement is noticed", replacementNoticed}}
	}
	if s.Zombies {
		lives["ends as a zombie"] = []step{{"a zombie is noticed", zombieNoticed}}
	}
	return lives
}

// trial is one pinned process and a client of it.
type trial struct {
	ctx     context.Context // of the whole trial: the client's connection lives as long
	subject Subject
	fixture Fixture
	pinned  target.Pinned
	sockets int // open before Pin
	client  *load.Client
}

// send sends one request that must be answered.
func (tr *trial) send(t *testing.T, s load.Spec) load.Result {
	t.Helper()
	res := tr.attempt(t, s)
	if res.Err != nil {
		t.Fatalf("%s %s: %v", s.Method, s.URI, res.Err)
	}
	return res
}

func (tr *trial) attempt(t *testing.T, s load.Spec) load.Result {
	t.Helper()
	if s.Method == "" {
		s.Method = "GET"
	}
	if s.Status == nil {
		for code := 200; code < 600; code++ {
			s.Status = append(s.Status, code)
		}
	}
	s.KeepBody, s.Timeout = true, 20*time.Second
	tmpl, err := load.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return tr.client.Do(tr.ctx, tmpl, load.Values{N: 1})
}

// says fails where a text holds a secret.
func (tr *trial) says(t *testing.T, text string) {
	t.Helper()
	for _, secret := range tr.fixture.Secrets {
		if secret != "" && strings.Contains(text, secret) {
			t.Error("a secret is printed")
		}
	}
}

func pinsOne(t *testing.T, tr *trial) {
	id, info := tr.pinned.Process(), tr.pinned.Info()
	if err := id.Check(); err != nil {
		t.Fatal(err)
	}
	if info.PID != id.PID || info.Kind == "" {
		t.Errorf("Info %+v of %+v", info, id)
	}
	if got := string(tr.send(t, load.Spec{URI: "/pid"}).Body); got != fmt.Sprint(id.PID) {
		t.Fatalf("pinned pid %d, and pid %s answers", id.PID, got)
	}
	kept := tr.client.Conn() != nil
	if kept != tr.subject.KeepsAlive {
		t.Errorf("the connection is kept: %t, want %t", kept, tr.subject.KeepsAlive)
	}
	for name, conn := range map[string]net.Conn{"of the load": tr.client.Conn(), "none": nil} {
		if err := tr.pinned.Check(t.Context(), conn); err != nil {
			t.Errorf("Check with connection %s: %v", name, err)
		}
	}
}

// Counting at both ends shows that no request was sent twice, went elsewhere,
// or came from somebody else, the checks between them included.
func reachesOnlyIt(t *testing.T, tr *trial) {
	before := 0
	want := fmt.Sprint(tr.pinned.Process().PID)
	for i := range 60 {
		res := tr.send(t, load.Spec{URI: "/clean"})
		if got := res.Header.Get("X-App-Pid"); got != want {
			t.Fatalf("request %d reached pid %s, not %s", i, got, want)
		}
		var count int
		if _, err := fmt.Sscan(res.Header.Get("X-App-Count"), &count); err != nil {
			t.Fatal(err)
		}
		if i > 0 && count != before+1 {
			t.Errorf("request %d, sent %d times, is the process's %d, after %d; before it came %q", i, res.Sent, count, before, res.Header.Get("X-App-Last"))
		}
		before = count
		if i%20 == 0 {
			if err := tr.pinned.Check(t.Context(), tr.client.Conn()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func requestsArrive(t *testing.T, tr *trial) {
	form := "name=" + strings.Repeat("x", 3000)
	for name, s := range map[string]load.Spec{
		"query":      {URI: "/echo?a=1&b=%20"},
		"header":     {URI: "/echo", Header: [][2]string{{"X-Probe", "a, b; c=\"d\""}}},
		"form":       {Method: "POST", URI: "/echo", Body: form, HasBody: true, Header: [][2]string{{"Content-Type", "application/x-www-form-urlencoded"}}},
		"json, put":  {Method: "PUT", URI: "/echo", Body: `{"a":[1]}`, HasBody: true, Header: [][2]string{{"Content-Type", "application/json"}}},
		"empty body": {Method: "POST", URI: "/echo", HasBody: true},
		"delete":     {Method: "DELETE", URI: "/echo"},
		"10 MB":      {Method: "POST", URI: "/echo", Body: strings.Repeat("0123456789abcdef", 10<<16), HasBody: true, Header: [][2]string{{"Content-Type", "application/octet-stream"}}},
	} {
		t.Run(name, func(t *testing.T) {
			res := tr.send(t, s)
			var got Echo
			if err := json.Unmarshal(res.Body, &got); err != nil {
				t.Fatalf("status %d: %v in %.200q", res.Status, err, res.Body)
			}
			method := s.Method
			if method == "" {
				method = "GET"
			}
			if got.Method != method || got.URI != s.URI || got.BodyBytes != len(s.Body) || got.SHA256 != sum([]byte(s.Body)) {
				t.Errorf("sent %s %s with %d bytes; arrived: %+v", method, s.URI, len(s.Body), got)
			}
			for _, h := range s.Header {
				if got.Headers[strings.ToLower(h[0])] != h[1] {
					t.Errorf("sent %s: %s; arrived: %q", h[0], h[1], got.Headers[strings.ToLower(h[0])])
				}
			}
			if got.Headers["host"] == "" {
				t.Error("no Host header arrived")
			}
		})
	}
}

func answersArrive(t *testing.T, tr *trial) {
	for _, c := range []struct {
		method, uri string
		status      int
		bytes       int64
		body        string
	}{
		{"GET", "/clean", 200, 5, "clean"},
		{"GET", "/status/404", 404, 10, "status 404"},
		{"GET", "/status/500", 500, 10, "status 500"},
		{"GET", "/status/503", 503, 10, "status 503"},
		{"GET", "/status/204", 204, 0, ""},
		{"GET", "/empty", 200, 0, ""},
		{"GET", "/chunked", 200, 14, "one\ntwo\nthree\n"},
		{"GET", "/big", 200, 10 << 20, ""},
		{"HEAD", "/clean", 200, 0, ""},
		{"HEAD", "/big", 200, 0, ""},
		{"GET", "/redirect", 302, 0, ""},
		{"GET", "/clean", 200, 5, "clean"}, // and the connection is still in step
	} {
		res := tr.send(t, load.Spec{Method: c.method, URI: c.uri})
		if res.Status != c.status || res.Bytes != c.bytes {
			t.Errorf("%s %s: status %d with %d bytes, want %d with %d", c.method, c.uri, res.Status, res.Bytes, c.status, c.bytes)
		}
		if c.body != "" && string(res.Body) != c.body {
			t.Errorf("%s %s: %q", c.method, c.uri, res.Body)
		}
		if c.uri == "/redirect" && !strings.HasSuffix(res.Header.Get("Location"), "/clean") {
			t.Errorf("Location %q", res.Header.Get("Location"))
		}
	}
}

// lost is the error of Check for a process that has gone. It must not take long
// to come, and must be one that a person can read.
func (tr *trial) lost(t *testing.T, pid int) string {
	t.Helper()
	conn := tr.client.Conn()
	until := time.Now().Add(10 * time.Second)
	for {
		err := tr.pinned.Check(t.Context(), conn)
		if err == nil {
			if time.Now().After(until) {
				t.Fatalf("pid %d is gone, and Check does not say so", pid)
			}
			continue // the kernel takes a moment to end a process
		}
		text := err.Error() + "\n" + fault.HintOf(err)
		tr.says(t, text)
		if fault.KindOf(err) != fault.Measure {
			t.Errorf("not a fault.Measure: %v", err)
		}
		if !strings.Contains(text, fmt.Sprint(pid)) || fault.HintOf(err) == "" {
			t.Errorf("does not name pid %d with a next step: %s", pid, text)
		}
		t.Log(text)
		return text
	}
}

func stopSeen(t *testing.T, tr *trial) {
	pid := tr.pinned.Process().PID
	defer func() { _ = syscall.Kill(pid, syscall.SIGCONT) }()
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if tr.pinned.Stopped() != (signal == syscall.SIGCONT) {
			t.Errorf("before signal %d it is said to be stopped: %t", signal, tr.pinned.Stopped())
		}
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
		// The kernel takes a moment.
		for until := time.Now().Add(10 * time.Second); tr.pinned.Stopped() != (signal == syscall.SIGSTOP) && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
	}
	if tr.pinned.Stopped() {
		t.Error("it goes on, and is said to be stopped")
	}
	tr.send(t, load.Spec{URI: "/clean"})
}

func killNoticed(t *testing.T, tr *trial) {
	tr.send(t, load.Spec{URI: "/clean"})
	pid := tr.pinned.Process().PID
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	text := tr.lost(t, pid)
	if tr.subject.Status && !strings.Contains(text, "signal 9") {
		t.Errorf("its signal is not told: %s", text)
	}
	if tr.subject.Owned {
		restarts(t, tr)
	}
}

func crashNoticed(t *testing.T, tr *trial) {
	pid := tr.pinned.Process().PID
	if res := tr.attempt(t, load.Spec{URI: "/crash", Method: "POST"}); res.Err == nil {
		t.Errorf("/crash was answered: %d", res.Status)
	}
	tr.lost(t, pid)
}

func replacementNoticed(t *testing.T, tr *trial) {
	tr.send(t, load.Spec{URI: "/clean"})
	pid := tr.pinned.Process().PID
	tr.fixture.Replace(t, tr.pinned)
	if text := tr.lost(t, pid); !strings.Contains(text, "in its place") {
		t.Errorf("does not say who answers in its place: %s", text)
	}
}

func zombieNoticed(t *testing.T, tr *trial) {
	pid := tr.pinned.Process().PID
	tr.fixture.Zombie(t, pid)
	if text := tr.lost(t, pid); !strings.Contains(text, "zombie") {
		t.Errorf("does not say that it is a zombie: %s", text)
	}
}

func closesClean(t *testing.T, tr *trial) {
	tr.send(t, load.Spec{URI: "/clean"})
	id, ep := tr.pinned.Process(), tr.pinned.Endpoint()
	tree := append([]int{id.PID}, descendants(t, id.PID)...)
	tr.client.Close()
	for range 2 { // a second Close does nothing
		if err := tr.pinned.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if now := openSockets(t); now > tr.sockets {
		t.Errorf("%d sockets open after Close, %d before Pin", now, tr.sockets)
	}
	if !tr.subject.Owned {
		if err := id.Check(); err != nil {
			t.Errorf("Close ended a process that it had not started: %v", err)
		}
		return
	}
	for _, pid := range tree {
		if _, err := proc.Find(pid); err == nil {
			t.Errorf("pid %d still runs after Close", pid)
		}
	}
	if conn, err := net.Dial(ep.Network, ep.Address); err == nil {
		_ = conn.Close()
		t.Errorf("%s still accepts connections after Close", ep.Address)
	}
}

func restarts(t *testing.T, tr *trial) {
	r, ok := tr.pinned.(target.Restarter)
	if !ok {
		t.Fatalf("%T started the process and cannot restart it", tr.pinned)
	}
	before, n := tr.pinned.Process(), tr.pinned.Info().Restarts
	if err := r.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := before.Check(); err == nil {
		t.Errorf("%+v still runs after Restart", before)
	}
	if tr.pinned.Info().Restarts != n+1 || tr.pinned.Process() == before {
		t.Errorf("after Restart: %+v, %+v", tr.pinned.Info(), tr.pinned.Process())
	}
	tr.client.Close()
	tr.client = load.New(tr.pinned.Endpoint(), false)
	pinsOne(t, tr)
}

func descendants(t *testing.T, pid int) []int {
	t.Helper()
	all, err := proc.Descendants(pid)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// openSockets counts the sockets that this process holds.
func openSockets(t *testing.T) (n int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		link, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if strings.HasPrefix(link, "socket:") {
			n++
		}
	}
	return n
}
