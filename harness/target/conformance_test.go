package target_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest"
	"leakhunt/scenarios"
)

// TestMain lets the test binary be the server that is pinned.
func TestMain(m *testing.M) {
	targettest.PreforkWorker()
	switch address := os.Getenv("TARGET_TEST_SERVE"); {
	case os.Getenv("TARGET_TEST_ROLE") == "guard":
		guardRole()
	case os.Getenv("TARGET_TEST_ROLE") == "pin":
		pinRole()
	case os.Getenv("TARGET_TEST_ROLE") == "list":
		listRole()
	case os.Getenv("TARGET_TEST_ROLE") == "late":
		fmt.Fprintln(os.Stderr, lateRole(address))
		os.Exit(3)
	case strings.HasPrefix(os.Getenv("TARGET_TEST_ROLE"), "side "):
		fmt.Fprintln(os.Stderr, sideRole(address, strings.TrimPrefix(os.Getenv("TARGET_TEST_ROLE"), "side ")))
		os.Exit(3)
	case os.Getenv("TARGET_TEST_ROLE") == "tls":
		fmt.Fprintln(os.Stderr, targettest.ServeTLS(address))
		os.Exit(3)
	case strings.HasPrefix(os.Getenv("TARGET_TEST_ROLE"), "prefork"):
		fmt.Fprintln(os.Stderr, targettest.Prefork(address, preforked, os.Getenv("TARGET_TEST_ROLE") == "prefork keep"))
		os.Exit(3)
	case address != "":
		network := "tcp"
		if filepath.IsAbs(address) {
			network = "unix"
		}
		fmt.Fprintln(os.Stderr, targettest.Serve(network, address))
		os.Exit(3)
	default:
		os.Exit(m.Run())
	}
}

func open(t testing.TB, sc scenarios.Target, opt target.Options) target.Target {
	t.Helper()
	tgt, err := target.Open(&scenarios.Scenario{Target: sc}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return tgt
}

func serve(t testing.TB, network, address string) *targettest.Server {
	t.Helper()
	s := targettest.Start(t, "", []string{"TARGET_TEST_SERVE=" + address}, testBinary)
	targettest.Await(t, network, address)
	return s
}

func serveTLS(t testing.TB) (address string) {
	t.Helper()
	address = "127.0.0.1:" + targettest.FreePort(t)
	targettest.Start(t, "", []string{"TARGET_TEST_SERVE=" + address, "TARGET_TEST_ROLE=tls"}, testBinary)
	targettest.Await(t, "tcp", address)
	return address
}

func TestConformance(t *testing.T) {
	for name, withPID := range map[string]bool{"url": false, "url with pid": true} {
		t.Run(name, func(t *testing.T) {
			targettest.Run(t, targettest.Subject{KeepsAlive: true, Replaced: true, Zombies: true, Open: func(t *testing.T) targettest.Fixture {
				address := "127.0.0.1:" + targettest.FreePort(t)
				s := serve(t, "tcp", address)
				sc := scenarios.Target{Kind: "url", URL: "http://" + address}
				if withPID {
					sc.PID = s.PID()
				}
				return targettest.Fixture{
					Target: open(t, sc, target.Options{}),
					Replace: func(t *testing.T, _ target.Pinned) {
						s.Kill()
						serve(t, "tcp", address)
					},
					Zombie: zombie,
				}
			}})
		})
	}
	t.Run("http+unix", func(t *testing.T) {
		targettest.Run(t, targettest.Subject{KeepsAlive: true, Replaced: true, Zombies: true, Open: func(t *testing.T) targettest.Fixture {
			socket := filepath.Join(t.TempDir(), "s")
			s := serve(t, "unix", socket)
			return targettest.Fixture{
				Target: open(t, scenarios.Target{Kind: "url", URL: "http+unix://" + socket}, target.Options{}),
				Replace: func(t *testing.T, _ target.Pinned) {
					s.Kill()
					if err := os.Remove(socket); err != nil {
						t.Fatal(err)
					}
					serve(t, "unix", socket)
				},
				Zombie: zombie,
			}
		}})
	})
	t.Run("https", func(t *testing.T) {
		targettest.Run(t, targettest.Subject{KeepsAlive: true, Open: func(t *testing.T) targettest.Fixture {
			sc := url("https://" + serveTLS(t))
			sc.Insecure = true
			return targettest.Fixture{Target: open(t, sc, target.Options{})}
		}})
	})
	for name, sc := range map[string]scenarios.Target{
		"command":            {Kind: "command", Command: []string{testBinary}},
		"command descendant": {Kind: "command", Command: []string{"sh", "-c", testBinary + " & wait"}},
		"demo":               {Kind: "demo"},
	} {
		sc.Env = []string{"TARGET_TEST_SERVE=127.0.0.1:${PORT}"}
		t.Run(name, func(t *testing.T) {
			targettest.Run(t, targettest.Subject{KeepsAlive: true, Owned: true, Status: name != "command descendant", Open: func(t *testing.T) targettest.Fixture {
				return targettest.Fixture{Target: open(t, sc, target.Options{DemoCommand: []string{testBinary}})}
			}})
		})
	}
}

// zombie kills a child of this test, whose status is not read before the test
// ends.
func zombie(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// testBinary is this test, which is also every server it needs.
var testBinary = os.Args[0]

// pinRole pins a URL and says what came of it.
func pinRole() {
	tgt, err := target.Open(&scenarios.Scenario{Target: url(os.Getenv("TARGET_TEST_URL"))}, target.Options{})
	if err == nil {
		_, err = tgt.Pin(context.Background())
	}
	fmt.Printf("%v\n%s\n", err, fault.HintOf(err))
}
