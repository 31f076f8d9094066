// Package redminetest makes a copy of Debian's Redmine for a test: a Rails
// application as people run it, with a database, a login and leaks of its own.
// Nothing outside of the copy is changed or used, and it ends with the test.
//
// It needs Debian's packages redmine and redmine-sqlite; their own database and
// settings are not looked at.
package redminetest

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"leakhunt/harness/target/targettest/passengertest"
)

//go:embed files
var files embed.FS

// installed is where Debian's package puts the application.
const installed = "/usr/share/redmine"

// Redmine is a copy of the application, with its tables filled.
type Redmine struct {
	Root     string // its folder
	Password string // of the administrator, whose login is "admin"
}

// A plugin of the copy keeps KeeperBytes of each request to KeeperURI, at
// KeeperLine of KeeperFile. What App is told to leak is made at PlantLine of
// PlantFile. Files are relative to Root.
const (
	KeeperURI   = "/projects/shop/news"
	KeeperBytes = 4096
	KeeperFile  = "plugins/keeper/lib/keeper.rb"
	KeeperLine  = 9
	PlantFile   = "config/plant.rb"
	PlantLine   = 15
)

// placed says where in the copy the files of this package go.
var placed = map[string]string{
	"seed.rake":                 "lib/tasks/seed.rake",
	"plant.rb":                  PlantFile,
	"additional_environment.rb": "config/additional_environment.rb",
	"database.yml":              "instances/default/config/database.yml",
	"keeper/init.rb":            "plugins/keeper/init.rb",
	"keeper/lib/keeper.rb":      KeeperFile,
}

// New copies the application, and fills a database of its own.
func New(t testing.TB) *Redmine {
	t.Helper()
	dir, err := os.MkdirTemp("", "lh") //nolint:usetesting // another user must be able to enter it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r := &Redmine{Root: dir + "/redmine", Password: rand.Text()}
	if err := r.copy(); err != nil {
		t.Fatal(err)
	}
	r.seed(t)
	if err := hand(r.Root); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *Redmine) copy() error {
	for _, d := range []string{"log", "tmp", "files", "public", "config"} {
		if err := os.MkdirAll(filepath.Join(r.Root, "instances/default", d), 0o755); err != nil {
			return err
		}
	}
	args := []string{"-r"}
	for _, name := range []string{"app", "bin", "config", "config.ru", "db", "extra", "lib", "public", "templates", "Gemfile", "Rakefile"} {
		args = append(args, filepath.Join(installed, name))
	}
	if out, err := exec.Command("cp", append(args, r.Root)...).CombinedOutput(); err != nil {
		return fmt.Errorf("is the package redmine installed? %w: %s", err, out)
	}
	// Debian's Gemfile reads the database's kind from the installed settings.
	gems, err := os.ReadFile(r.Root + "/Gemfile")
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.Root+"/Gemfile", bytes.ReplaceAll(gems, []byte(installed), []byte(r.Root)), 0o644); err != nil {
		return err
	}
	if err := os.Remove(r.Root + "/config/database.yml"); err != nil {
		return err
	}
	for from, to := range placed {
		text, err := files.ReadFile("files/" + from)
		if err != nil {
			return err
		}
		to = filepath.Join(r.Root, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(r.Root+"/instances/default/config/secret_key.txt", []byte(rand.Text()+rand.Text()), 0o644)
}

// seed makes the tables and fills them.
func (r *Redmine) seed(t testing.TB) {
	t.Helper()
	cmd := exec.Command("rake", "fixture:seed", "VERBOSE=false")
	cmd.Dir = r.Root
	cmd.Env = append(os.Environ(), "RAILS_ENV=production", "FIXTURE_PASSWORD="+r.Password)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// hand gives what is below a path to the user that Passenger runs the copy as:
// the web server's where we are root, else ourselves.
func hand(below string) error {
	if os.Getuid() != 0 {
		return nil
	}
	u, err := user.Lookup(webUser)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	return filepath.WalkDir(below, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, gid)
	})
}

const webUser = "www-data"

// App serves the copy as one more application of a private Apache. Several may be
// served at once, for each has a database of its own. A login turns from reading to
// writing. SQLite refuses the second of two processes that do so at the same time,
// however long the timeout (SQLITE_BUSY: sqlite.org/c3ref/busy_handler.html). leaks are
// the bytes that each request to a path keeps; directives are further lines of Apache's
// configuration.
func (r *Redmine) App(t testing.TB, name string, leaks map[string]int, directives ...string) passengertest.App {
	t.Helper()
	seeded, err := os.ReadFile(r.Root + "/db/fixture.sqlite3")
	if err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf("%s/db/%s.sqlite3", r.Root, name)
	if err := os.WriteFile(own, seeded, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := hand(own); err != nil {
		t.Fatal(err)
	}
	var planted []string
	for path, bytes := range leaks {
		planted = append(planted, fmt.Sprintf("%s=%d", path, bytes))
	}
	lines := append([]string{
		fmt.Sprintf("SetEnv FIXTURE_LEAKS %q", strings.Join(planted, " ")),
		"SetEnv FIXTURE_DATABASE " + name,
		"PassengerMaxRequests 0",
	}, directives...)
	return passengertest.App{Name: name, Type: "rack", Root: r.Root, Directives: strings.Join(lines, "\n")}
}
