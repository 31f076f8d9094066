//go:build live

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/runtimes"
	"leakhunt/harness/target/targettest/passengertest"
)

// strange is an application that was written for this test alone, with one leak.
type strange struct {
	name     string
	prepare  func(t *testing.T, bin, dir string) (env []string) // what its own users do before
	commands []string                                           // what is typed once leakhunt is installed
	leak     string                                             // the URI that leaks
	line     string                                             // what makes what stays
}

// strangers of the kinds that most users have.
func strangersOf() []strange {
	const routes = "leakhunt init --yes --from app"
	return []strange{
		{"garden", nil, []string{routes, "leakhunt run -n 250 --var plant_id=7"}, "/watering", "config/application.rb:28"}, // Rails
		{"ledger", npm, []string{routes, "leakhunt run -n 250"}, "/receipt", "server.js:14"},                               // Express
		{"library", nil, []string{routes, "leakhunt run -n 250"}, "/lend", "app.py:19"},                                    // Flask
		{"clinic", nil, []string{routes, "leakhunt run -n 250"}, "/ticket/", "clinic/urls.py:17"},                          // Django
		{"weather", nil, []string{"leakhunt init --yes --uri / --uri /wind --uri /forecast", "leakhunt run -n 250"}, "/forecast", "main.go:26"},
		{"kiosk", underPassenger, []string{"leakhunt init --passenger kiosk --uri / --uri /buy", "leakhunt run -n 250"}, "/buy", "config.ru:7"},
	}
}

// What a new user may have to do, from nothing to the named line.
const (
	firstCommands = 3
	firstMinutes  = 5
)

// Applications that leakhunt has never seen: from its installation to the named line
// in at most three commands and five minutes each.
func TestStrangeApps(t *testing.T) {
	t.Parallel()
	install := time.Now()
	bin := filepath.Join(t.TempDir(), "leakhunt")
	run(t, "../..", "CGO_ENABLED=0 GOBIN='"+filepath.Dir(bin)+"' go install ./cmd/leakhunt")
	installed := time.Since(install)
	for _, app := range strangersOf() {
		t.Run(app.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), app.name)
			if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "apps", app.name))); err != nil {
				t.Fatal(err)
			}
			env := append(os.Environ(), "PATH=/usr/bin:/bin:"+os.Getenv("PATH"), "GOFLAGS=-buildvcs=false")
			if app.prepare != nil {
				env = append(env, app.prepare(t, bin, dir)...)
			}
			began := time.Now()
			var out []byte
			for _, command := range app.commands {
				words := strings.Fields(command)
				cmd := exec.Command(bin, words[1:]...)
				cmd.Dir, cmd.Env = dir, env
				var err error
				if out, err = cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() != exitFound {
					t.Fatalf("%s: %v\n%s", command, err, out)
				}
			}
			head := fmt.Sprintf("Fix %s first:", app.leak)
			said := strings.Join(strings.Fields(string(out)), " ") // the table breaks lines
			if !strings.Contains(said, head) || !strings.Contains(said, "made at "+app.line) {
				t.Errorf("%q, made at %s, is not said:\n%s", head, app.line, out)
			}
			commands, took := 1+len(app.commands), installed+time.Since(began)
			if commands > firstCommands || took > firstMinutes*time.Minute {
				t.Errorf("it takes too long")
			}
			t.Logf("%d commands, %.1f minutes, of which %.1f to install", commands, took.Minutes(), installed.Minutes())
		})
	}
}

// npm installs what the application needs.
func npm(t *testing.T, _, dir string) []string {
	t.Helper()
	cmd := exec.Command("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	return nil
}

// underPassenger serves it under Apache, with the agent's two lines in its configuration.
func underPassenger(t *testing.T, bin, dir string) []string {
	t.Helper()
	root, err := os.MkdirTemp("", "kiosk") //nolint:usetesting // readable by the user that the application runs as
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	if err := os.CopyFS(root, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	agent, err := exec.Command(bin, "agent", "ruby").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(root+"/agent.rb", agent, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(root+"/sockets", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	directives := fmt.Sprintf("SetEnv RUBYOPT \"-r%s/agent.rb\"\nSetEnv %s %s/sockets", root, runtimes.AgentVar, root)
	if os.Getuid() == 0 { // as on a server, the application is another user's
		giveTo(t, "www-data", root, root+"/config.ru", root+"/sockets")
		directives += "\nPassengerUser www-data"
	}
	s := passengertest.Apache(t, "", passengertest.App{Name: "kiosk", Type: "rack", Root: root, Directives: directives})
	s.Warm(t)
	return []string{"PASSENGER_INSTANCE_REGISTRY_DIR=" + s.Registry}
}

func giveTo(t *testing.T, name string, paths ...string) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if err := os.Chown(p, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
}
