package target

import (
	"os"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/claim"
	"leakhunt/harness/proc"
	"leakhunt/scenarios"
)

// A command that was told a port of its own is asked for in vain at the one that
// was chosen for it: the error says where it does listen.
func TestElsewhere(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "TARGET_TEST_SERVE=127.0.0.1:0")
	child, err := run{argv: []string{exe}, env: env, stop: syscall.SIGTERM}.start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(child.Close)
	port, release, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, ok := claim.Port(port); ok {
		t.Error("another may be given that port, too")
	}
	at, err := parseURL("http://127.0.0.1:"+port, false)
	if err != nil {
		t.Fatal(err)
	}
	var others []address
	for end := time.Now().Add(time.Minute); len(others) == 0 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		others = elsewhere(at, child)
	}
	if len(others) != 1 {
		t.Fatalf("it listens at %+v", others)
	}
	listens := others[0]
	if conn, err := listens.dial(t.Context()); err != nil {
		t.Error(err)
	} else if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if others := elsewhere(listens, child); len(others) > 0 {
		t.Errorf("it listens where it was meant to, not at %s", others[0].url)
	}
}

// A socket at which a process is asked about itself is no application's.
func TestControls(t *testing.T) {
	for path, want := range map[string]bool{
		"/tmp/leakhunt-1/42.sock": true, "/tmp/leakhunt-1/42/s": true, "/tmp/.java_pid42": true,
		"/tmp/leakhunt-1/43.sock": false, "/tmp/leakhunt-1/43/s": false, "/srv/app/s": false, "/srv/app.sock": false, "/srv/42/app": false, "/s": false,
	} {
		if got := controls(proc.Listener{Network: "unix", Path: path, PIDs: []int{42}}); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}

// Whether a port was taken for the command's own choice follows from what it was told.
func TestGuesses(t *testing.T) {
	other := address{url: "http://127.0.0.1:3000", network: "tcp"}
	for name, c := range map[string]struct {
		command command
		at      address
		want    bool
	}{
		"told another port":    {command{argv: []string{"puma", "-p", "3000"}}, other, true},
		"by its environment":   {command{argv: []string{"node", "app.js"}, env: []string{"PORT=3000"}}, other, true},
		"told the port":        {command{argv: []string{"puma", "-p", "${PORT}"}}, other, false},
		"so":                   {command{argv: []string{"app"}, env: []string{"BIND=:${PORT}"}}, other, false},
		"reads it":             {command{argv: []string{"sh", "-c", "exec app $PORT"}}, other, false},
		"nothing is known":     {command{argv: []string{"node", "app.js"}}, other, true},
		"a socket":             {command{argv: []string{"node", "app.js"}}, address{url: "http+unix:///run/s", network: "unix"}, false},
		"told by the scenario": {command{argv: []string{"app", "3000"}, port: 4000}, other, false},
	} {
		if got := c.command.guesses(c.at); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The application is asked for something that another server does not know.
func TestTelling(t *testing.T) {
	get := func(uri string) scenarios.URI { return scenarios.URI{Request: scenarios.Request{URI: uri}} }
	post := scenarios.URI{Request: scenarios.Request{Method: "POST", URI: "/buy"}}
	for want, c := range map[string]command{
		"/up":   {ready: scenarios.Ready{URI: "/up"}, sc: &scenarios.Scenario{URIs: []scenarios.URI{get("/shop")}}},
		"/shop": {sc: &scenarios.Scenario{URIs: []scenarios.URI{post, get("/order/{{n}}"), get("/shop")}}},
		"/":     {sc: &scenarios.Scenario{URIs: []scenarios.URI{post}}},
	} {
		if got := c.telling(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
