package target

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
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
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	at, err := parseURL("http://127.0.0.1:"+port, false)
	if err != nil {
		t.Fatal(err)
	}
	var listens address
	found := false
	for end := time.Now().Add(time.Minute); !found && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		listens, found = elsewhere(at, child)
	}
	if !found {
		t.Fatal("it listens nowhere")
	}
	if conn, err := listens.dial(t.Context()); err != nil {
		t.Error(err)
	} else if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if other, ok := elsewhere(listens, child); ok {
		t.Errorf("it listens where it was meant to, not at %s", other.url)
	}
}

// How long a command may listen elsewhere follows from what it was told.
func TestPatience(t *testing.T) {
	other := address{url: "http://127.0.0.1:3000", network: "tcp"}
	dir := t.TempDir()
	for name, text := range map[string]string{"fixed.js": "app.listen(3000)", "reads.js": "app.listen(process.env.PORT || 3000)"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		command command
		at      address
		want    time.Duration
	}{
		"told another port":          {command{argv: []string{"puma", "-p", "3000"}}, other, surely},
		"by its environment":         {command{argv: []string{"node", "app.js"}, env: []string{"PORT=3000"}}, other, surely},
		"told the port":              {command{argv: []string{"puma", "-p", "${PORT}"}}, other, 0},
		"reads it":                   {command{argv: []string{"sh", "-c", "exec app $PORT"}}, other, 0},
		"nothing is known":           {command{argv: []string{"node", "app.js"}}, other, likely},
		"its script has it":          {command{argv: []string{"node", "fixed.js"}, dir: dir}, other, surely},
		"its script reads PORT":      {command{argv: []string{"node", filepath.Join(dir, "reads.js")}}, other, likely},
		"a number with those digits": {command{argv: []string{"app", "--cache", "13000"}}, other, likely},
		"a socket":                   {command{argv: []string{"node", "app.js"}}, address{url: "http+unix:///run/s", network: "unix"}, 0},
		"told by the scenario":       {command{argv: []string{"app", "3000"}, port: 4000}, other, 0},
	} {
		if got := c.command.patience(c.at); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
