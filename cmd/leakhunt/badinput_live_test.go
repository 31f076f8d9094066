//go:build live

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"leakhunt/harness/target/targettest"
	"leakhunt/harness/target/targettest/passengertest"
)

// TestTargetsThatCannotBeMeasured is what a user sees of each: exit code 3, what
// is wrong, and what to do. Nothing of it holds a password.
func TestTargetsThatCannotBeMeasured(t *testing.T) {
	t.Parallel()
	one := filepath.Dir(targettest.AppDir(t)) + "/a/shop"
	two := strings.Replace(one, "/a/shop", "/b/shop", 1)
	for _, dir := range []string{one, two} {
		if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(targettest.AppDir(t), dir); err != nil {
			t.Fatal(err)
		}
	}
	s := passengertest.Apache(t, "", passengertest.App{Name: "shop-de", Type: "rack", Root: one}, passengertest.App{Name: "shop-fr", Type: "rack", Root: two})
	in := s.Warm(t)
	password := string(in.Apps[0].Processes[0].Password)
	dir := t.TempDir()
	status := statusOf(t, s)
	targettest.WriteFile(t, dir+"/old.xml", strings.ReplaceAll(status, password, "an-old-password"))
	targettest.WriteFile(t, dir+"/cut.xml", status[:len(status)/2])
	targettest.WriteFile(t, dir+"/text", "Version : 6.0.17\nOn fire  : yes\n")
	stale := t.TempDir()
	if err := os.MkdirAll(stale+"/passenger.Gone", 0o755); err != nil {
		t.Fatal(err)
	}
	properties, err := os.ReadFile(in.Dir + "/properties.json")
	if err != nil {
		t.Fatal(err)
	}
	targettest.WriteFile(t, stale+"/passenger.Gone/properties.json", string(properties))
	targettest.WriteFile(t, stale+"/passenger.Gone/lock", "") // nobody holds it
	nonsense := talker(t, "I am no FastCGI server at all")
	shared := twoOnOnePort(t)
	bin := t.TempDir() + "/leakhunt"
	for _, d := range []string{filepath.Dir(bin), filepath.Dir(filepath.Dir(bin)), dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(build(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bin, text, 0o755); err != nil { //nolint:gosec // another user runs it
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		target   string
		registry string // "": the server's
		nobody   bool   // another user
		says     []string
	}{
		"no permission": {target: "{passenger: {app: shop-de}}", nobody: true, says: []string{"cannot be read", "sudo leakhunt", "status_command"}},
		"no such app":   {target: "{passenger: {app: shpo}}", says: []string{`no application "shpo"`, "shop-de", "shop-fr", "target.passenger.app"}},
		"several apps of one name": {target: "{passenger: {app: shop}}", says: []string{
			`2 applications are called "shop"`, one, "target.passenger.instance",
		}},
		"which app":        {target: "{passenger: {}}", says: []string{"Passenger runs 2 applications", "Say which one"}},
		"no such instance": {target: "{passenger: {app: shop-de, instance: Zzz}}", says: []string{`no Passenger instance "Zzz"`, in.Name}},
		"stale folder":     {target: "{passenger: {app: shop-de}}", registry: stale, says: []string{"no Passenger is running", "left behind by instances that have ended: 1", stale}},
		"no Passenger":     {target: "{passenger: {app: shop-de}}", registry: dir, says: []string{"no Passenger is running", "PASSENGER_INSTANCE_REGISTRY_DIR"}},
		"wrong password":   {target: "{passenger: {app: shop-de, status_command: [cat, " + dir + "/old.xml]}}", says: []string{"does not take the connect password", "old status"}},
		"malformed XML":    {target: "{passenger: {app: shop-de, status_command: [cat, " + dir + "/cut.xml]}}", says: []string{"unexpected EOF", "cat"}},
		"malformed text":   {target: "{passenger: {app: shop-de, status_command: [cat, " + dir + "/text]}}", says: []string{"cat"}},
		"no status":        {target: "{passenger: {app: shop-de, status_command: [cat, " + dir + "/nothing]}}", says: []string{"exit status 1: cat: ", "No such file", "Run it by hand"}},
		"FastCGI nonsense": {target: "{fastcgi: {address: " + nonsense + ", root: /srv}}", says: []string{"does not speak FastCGI"}},
		"two on one port":  {target: "{url: http://" + shared + "}", says: []string{"2 processes answer at", "no connection is kept", "no workers of one server"}},
		"HTTP, no FastCGI": {target: "{fastcgi: {address: " + shared + ", root: /srv}}", says: []string{"FastCGI"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "x.yaml")
			targettest.WriteFile(t, file, "version: 1\ntarget: "+c.target+"\nuris: [/clean]\n")
			for _, d := range []string{filepath.Dir(file), filepath.Dir(filepath.Dir(file))} {
				if err := os.Chmod(d, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			registry := c.registry
			if registry == "" {
				registry = s.Registry
			}
			cmd := exec.Command(bin, "run", file, "-n", "10", "--warmup", "0")
			cmd.Env = append(os.Environ(), "PASSENGER_INSTANCE_REGISTRY_DIR="+registry)
			if c.nobody {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 2, Gid: 2}}
			}
			var out, errs bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &errs
			_ = cmd.Run() // its exit code is what is asked for
			said := errs.String()
			t.Log("\n" + said)
			if code := cmd.ProcessState.ExitCode(); code != exitUnmeasured || !strings.Contains(said, "  → ") {
				t.Errorf("exit code %d, want 3 and a next step\n%s", code, out.String())
			}
			for _, want := range c.says {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not in it", want)
				}
			}
			if strings.Contains(said+out.String(), password) || strings.Contains(said+out.String(), "an-old-password") {
				t.Error("a password is shown")
			}
		})
	}
}

func statusOf(t *testing.T, s *passengertest.Server) string {
	t.Helper()
	cmd := exec.Command("passenger-status", "--show=xml", "--verbose")
	cmd.Env = append(os.Environ(), "PASSENGER_INSTANCE_REGISTRY_DIR="+s.Registry)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// talker says the same to everybody.
func talker(t *testing.T, text string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}()
	return l.Addr().String()
}

// twoOnOnePort are two processes, not workers of one server, that listen on the
// same port (SO_REUSEPORT): the kernel gives a connection to either.
func twoOnOnePort(t *testing.T) (address string) {
	t.Helper()
	port := targettest.FreePort(t)
	const serve = `
import socket, sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from passenger_wsgi import application
class Shared(WSGIServer):
    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()
s = Shared(("127.0.0.1", int(sys.argv[1])), WSGIRequestHandler)
s.set_app(application)
s.serve_forever()
`
	for range 2 {
		targettest.Start(t, targettest.AppDir(t), nil, "/usr/bin/python3", "-c", serve, port)
	}
	targettest.AwaitWorkers(t, "tcp", "127.0.0.1:"+port, 2)
	return fmt.Sprintf("127.0.0.1:%s", port)
}
