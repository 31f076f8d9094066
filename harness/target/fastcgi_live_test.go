//go:build live

package target_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest"
	"leakhunt/scenarios"
)

// fpm starts a private php-fpm with one pool and returns where it listens, and
// the application's folder. more are lines of the pool's configuration.
func fpm(t *testing.T, network string, more ...string) (address, root string) {
	t.Helper()
	root = targettest.AppDir(t)
	dir := t.TempDir()
	listen := "127.0.0.1:" + targettest.FreePort(t)
	address = listen
	if network == "unix" {
		listen = filepath.Join(dir, "s")
		address = "unix:" + listen
	}
	conf := filepath.Join(dir, "fpm.conf")
	lines := append([]string{
		"[global]", "error_log = " + dir + "/log", "daemonize = no", "pid = " + dir + "/pid",
		"[shop]", "listen = " + listen, "php_admin_flag[ffi.enable] = on", "php_admin_value[memory_limit] = 512M", "php_admin_value[post_max_size] = 64M", "catch_workers_output = yes",
	}, more...)
	if os.Getuid() == 0 { // workers may run as root: the test's folders are root's
		lines = append(lines, "user = root", "group = root")
	}
	targettest.WriteFile(t, conf, strings.Join(lines, "\n")+"\n")
	targettest.Start(t, root, nil, "php-fpm8.2", "--fpm-config", conf, "-n", "-d", "extension=ffi", "-d", "extension=posix", "--allow-to-run-as-root")
	for until := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial(network, listen)
		if err == nil {
			conn.Close()
			return address, root
		}
		if time.Now().After(until) {
			log, _ := os.ReadFile(dir + "/log")
			t.Fatalf("php-fpm does not listen: %v\n%s", err, log)
		}
	}
}

var oneWorker = []string{"pm = static", "pm.max_children = 1", "pm.max_requests = 0"}

func fastcgi(t *testing.T, address, root string) target.Target {
	return open(t, scenarios.Target{Kind: "fastcgi", FastCGI: &scenarios.FastCGI{Address: address, Root: root}}, target.Options{})
}

func TestFastCGIConformance(t *testing.T) {
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			targettest.Run(t, targettest.Subject{KeepsAlive: true, Replaced: true, Open: func(t *testing.T) targettest.Fixture {
				address, root := fpm(t, network, oneWorker...)
				return targettest.Fixture{
					Target: fastcgi(t, address, root),
					Replace: func(t *testing.T, p target.Pinned) {
						id := p.Process()
						master, err := proc.Parent(id.PID)
						if err != nil {
							t.Fatal(err)
						}
						if err := syscall.Kill(id.PID, syscall.SIGKILL); err != nil {
							t.Fatal(err)
						}
						for until := time.Now().Add(30 * time.Second); time.Now().Before(until); {
							if now, err := proc.Descendants(master); err == nil && len(now) == 1 && now[0] != id.PID {
								return
							}
						}
						t.Fatal("php-fpm starts no other worker")
					},
				}
			}})
		})
	}
}

func TestFastCGIManyWorkers(t *testing.T) {
	for name, pm := range map[string][]string{
		"static":   {"pm = static", "pm.max_children = 3"},
		"dynamic":  {"pm = dynamic", "pm.max_children = 3", "pm.start_servers = 1", "pm.min_spare_servers = 1", "pm.max_spare_servers = 2"},
		"ondemand": {"pm = ondemand", "pm.max_children = 3"},
	} {
		t.Run(name, func(t *testing.T) {
			address, root := fpm(t, "unix", pm...)
			p, err := fastcgi(t, address, root).Pin(t.Context())
			if err == nil {
				t.Fatalf("pinned %+v", p.Info())
			}
			if text := err.Error() + fault.HintOf(err); !strings.Contains(text, "pm.max_children = 1") || !strings.Contains(text, "pool shop") {
				t.Errorf("%s", text)
			}
		})
	}
}

// Who names php-fpm's socket as a URL is told how to name it.
func TestFastCGIByURL(t *testing.T) {
	address, _ := fpm(t, "unix", oneWorker...)
	err := pinOnly(t, url("http+unix://"+strings.TrimPrefix(address, "unix:")))
	if err == nil || !strings.Contains(err.Error(), "speaks FastCGI") || !strings.Contains(fault.HintOf(err), "fastcgi:") {
		t.Errorf("%v (%s)", err, fault.HintOf(err))
	}
}

func TestFastCGINobodyThere(t *testing.T) {
	web := "127.0.0.1:" + targettest.FreePort(t)
	serve(t, "tcp", web)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	go func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "\x01\x0a\x00") // begins like an answer, and ends
			_ = conn.Close()
		}
	}()
	for address, want := range map[string]string{
		web:                                   "answers no FastCGI",
		silent.Addr().String():                "does not speak FastCGI",
		"127.0.0.1:" + targettest.FreePort(t): "nobody listens",
		"unix:/nonexistent/s":                 "no socket",
	} {
		_, err := fastcgi(t, address, "/srv").Pin(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || fault.HintOf(err) == "" {
			t.Errorf("%s: %v (%s), want %q", address, err, fault.HintOf(err), want)
		}
	}
}
