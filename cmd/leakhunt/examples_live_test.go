//go:build live

package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/target/targettest"
	"leakhunt/harness/target/targettest/passengertest"
	"leakhunt/harness/verdict"
)

// example is what a new user does with a scenario to copy: sets its variables,
// starts what it does not start itself, and names the URIs.
type example struct {
	env  func(t *testing.T) []string
	uris string // of which those with a leak hold the word leak or account
	args []string
}

// The routes of package targettest's applications. With a counter some hundred
// requests are enough; RSS alone takes as many as it needs.
const (
	byCounter = "/clean /leak?bytes=1024 /big?bytes=100000"
	byRSS     = "/clean /leak?bytes=8192 /big?bytes=100000"
)

var examples = map[string]example{
	"puma":                 {env: variables(), uris: byCounter, args: few},
	"unicorn":              {env: variables(), uris: byCounter, args: few},
	"gunicorn":             {env: variables("WSGI_APP=passenger_wsgi:application"), uris: byCounter, args: few},
	"uwsgi":                {env: variables("WSGI_FILE=passenger_wsgi.py"), uris: byCounter, args: few},
	"node":                 {env: variables(), uris: byCounter, args: few},
	"passenger-standalone": {env: rubyOnly, uris: byCounter, args: few},
	"go":                   {env: goServer, uris: "/ /leak /cart", args: few},
	"java":                 {env: jar, uris: "/clean /leak1k /garbage", args: few},
	"url":                  {env: someURL, uris: byRSS},
	"passenger":            {env: underApache, uris: byRSS},
	"php-fpm":              {env: phpFPM, uris: byRSS},
	"login":                {env: portalURL}, // its own
}

var few = []string{"-n", "250"}

// TestExampleScenarios tries each scenario as a new user would, and changes
// nothing but the URIs: a planted leak is found, and its innocent neighbours are
// not accused.
func TestExampleScenarios(t *testing.T) {
	t.Parallel()
	bin := build(t)
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) != len(examples)+2 {
		t.Errorf("%d scenarios, and %d are tried here; demo.yaml and redmine.yaml have tests of their own (%v)", len(files), len(examples), err)
	}
	for name, ex := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("../../scenarios/" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			head, uris, ok := strings.Cut(string(text), "\nuris:")
			if !ok {
				t.Fatal("the scenario has no URIs")
			}
			if ex.uris != "" {
				uris = "\n  - " + strings.Join(strings.Fields(ex.uris), "\n  - ") + "\n"
			}
			file := filepath.Join(t.TempDir(), "scenario.yaml")
			targettest.WriteFile(t, file, head+"\nuris:"+uris)
			r := huntIn(t, ex.env(t), bin, append([]string{"run", file, "-q", "-o", "json", "--seed", "3"}, ex.args...)...)
			found := 0
			for _, u := range r.URIs {
				t.Logf("%s %s by %v after %d requests: %s", u.URI, u.Verdict, u.Evidence, u.Requests, u.Why)
				leaks := strings.Contains(u.URI, "leak") || strings.Contains(u.URI, "account")
				if (u.Verdict == verdict.Leak) != leaks || u.Verdict == verdict.Failed {
					t.Errorf("%s is %s: %s", u.URI, u.Verdict, u.Why)
				}
				if leaks {
					found++
				}
			}
			if found != 1 || !r.Complete {
				t.Errorf("%d leaks were planted; complete %t: %s", found, r.Complete, r.Incomplete)
			}
		})
	}
}

// variables are those of a scenario that starts one of targettest's.
func variables(more ...string) func(*testing.T) []string {
	return func(t *testing.T) []string { return append([]string{"APP_DIR=" + targettest.AppDir(t)}, more...) }
}

// rubyOnly is a folder that holds one application, since Passenger chooses by
// what it finds.
func rubyOnly(t *testing.T) []string {
	dir := targettest.AppDir(t)
	for _, other := range []string{"app.js", "passenger_wsgi.py"} {
		if err := os.Remove(filepath.Join(dir, other)); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"APP_DIR=" + dir}
}

func goServer(t *testing.T) []string {
	dir := t.TempDir()
	// A script in its place, since the example takes no arguments.
	targettest.WriteFile(t, dir+"/server", "#!/bin/sh\nexec "+strings.Join(goShop(t)("/leak=1024"), " ")+"\n")
	if err := os.Chmod(dir+"/server", 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{"APP_DIR=" + dir}
}

func jar(t *testing.T) []string {
	dir := t.TempDir()
	source, err := filepath.Abs("../../harness/calibration/fixtures/java/App.java")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][]string{{"javac", "-d", "classes", source}, {"jar", "cfe", "app.jar", "App", "-C", "classes", "."}} {
		cmd := exec.Command(c[0], c[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c, err, out)
		}
	}
	// The JDK's own server waits 40 ms before it ends an answer, unless it is told.
	return []string{"APP_DIR=" + dir, "JAVA_TOOL_OPTIONS=-Dsun.net.httpserver.nodelay=true"}
}

func someURL(t *testing.T) []string {
	at := "127.0.0.1:" + targettest.FreePort(t)
	targettest.Start(t, targettest.AppDir(t), nil, "puma", "-q", "-w", "0", "-t", "1:1", "-b", "tcp://"+at)
	targettest.Await(t, "tcp", at)
	return []string{"URL=http://" + at}
}

func portalURL(t *testing.T) []string {
	at := "127.0.0.1:" + targettest.FreePort(t)
	targettest.Start(t, portal(t), []string{"PORTAL_PASSWORD=" + portalPassword}, "gunicorn", "-w", "1", "-b", at, "portal:application")
	targettest.Await(t, "tcp", at)
	return []string{"URL=http://" + at, "APP_PASSWORD=" + portalPassword}
}

// underApache is Passenger as the scenario's comment wants it.
func underApache(t *testing.T) []string {
	s := passengertest.Apache(t, "PassengerMaxPoolSize 1\nPassengerPoolIdleTime 0\nPassengerMaxRequests 0",
		passengertest.App{Name: "shop", Type: "rack", Processes: 1})
	s.Warm(t)
	return []string{"PASSENGER_INSTANCE_REGISTRY_DIR=" + s.Registry}
}

// phpFPM is a pool as the scenario's comment wants it.
func phpFPM(t *testing.T) []string {
	address, root := fpmPool(t, "pm.max_requests = 0")
	return []string{"FPM_ADDRESS=" + address, "FPM_ROOT=" + root}
}

// fpmPool is a php-fpm with one worker. FFI is what the fixture leaks with.
func fpmPool(t *testing.T, more string) (address, root string) {
	t.Helper()
	root, dir := targettest.AppDir(t), t.TempDir()
	conf := "[global]\nerror_log = " + dir + "/log\ndaemonize = no\n[shop]\nlisten = " + dir + "/s\n" +
		"pm = static\npm.max_children = 1\nphp_admin_flag[ffi.enable] = on\n" + more + "\n"
	if os.Getuid() == 0 {
		conf += "user = root\ngroup = root\n" // the folder is root's
	}
	targettest.WriteFile(t, dir+"/fpm.conf", conf)
	targettest.Start(t, root, nil, "php-fpm8.2", "--fpm-config", dir+"/fpm.conf", "-n", "-d", "extension=ffi", "-d", "extension=posix", "--allow-to-run-as-root")
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("unix", dir+"/s")
		if err == nil {
			_ = conn.Close()
			return "unix:" + dir + "/s", root
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}
