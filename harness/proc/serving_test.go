package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be the server of another process.
func TestMain(m *testing.M) {
	switch os.Getenv("PROC_TEST_ROLE") {
	case "server":
		serve(os.Getenv("PROC_TEST_NETWORK"), os.Getenv("PROC_TEST_ADDRESS"))
	case "idle":
		_, _ = io.Copy(io.Discard, os.Stdin)
	default:
		os.Exit(m.Run())
	}
}

// serve accepts connections and reads them, until its standard input ends.
func serve(network, address string) {
	l, err := net.Listen(network, address)
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// start runs the test binary in a role; it ends with the test.
func start(t testing.TB, role string, env ...string) (pid int, said *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "PROC_TEST_ROLE="+role), env...)
	_, out := launch(t, cmd)
	return cmd.Process.Pid, out
}

// launch starts a process that lives until its standard input ends, at the end
// of the test at the latest.
func launch(t testing.TB, cmd *exec.Cmd) (in io.WriteCloser, said *bufio.Reader) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	return in, bufio.NewReader(out)
}

func startServer(t testing.TB, network, address string) (pid int, conn net.Conn) {
	t.Helper()
	pid, said := start(t, "server", "PROC_TEST_NETWORK="+network, "PROC_TEST_ADDRESS="+address)
	at, err := said.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	conn, err = net.Dial(network, at[:len(at)-1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return pid, conn
}

func networks(t testing.TB) map[string][2]string {
	return map[string][2]string{
		"tcp4":          {"tcp4", "127.0.0.1:0"},
		"tcp6":          {"tcp6", "[::1]:0"},
		"tcp on all":    {"tcp", ":0"},
		"unix":          {"unix", filepath.Join(t.TempDir(), "s")},
		"unix abstract": {"unix", "@leakhunt-" + filepath.Base(t.TempDir()) + t.Name()},
	}
}

func TestServingNamesTheOtherProcess(t *testing.T) {
	for name, at := range networks(t) {
		t.Run(name, func(t *testing.T) {
			pid, conn := startServer(t, at[0], at[1])
			if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\n"); err != nil {
				t.Fatal(err)
			}
			for _, likely := range [][]int{nil, {pid}, {os.Getpid()}} {
				id, err := Serving(t.Context(), conn, likely...)
				if err != nil || id.PID != pid {
					t.Fatalf("Serving(likely %v) = %+v, %v; want pid %d", likely, id, err, pid)
				}
				if err := id.Check(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// A connection that nobody has accepted, and one whose bytes nobody has read,
// say nothing about who will serve them.
func TestServingWaitsForAReader(t *testing.T) {
	for name, at := range networks(t) {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen(at[0], at[1])
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			conn, err := net.Dial(at[0], l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, "GET"); err != nil {
				t.Fatal(err)
			}
			serving := func() error {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				_, err := Serving(ctx, conn)
				return err
			}
			if err := serving(); !errors.Is(err, ErrNotAccepted) {
				t.Fatalf("before accept: %v", err)
			}
			far, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer far.Close()
			if err := serving(); !errors.Is(err, ErrUnread) {
				t.Fatalf("before read: %v", err)
			}
			if _, err := io.ReadFull(far, make([]byte, 3)); err != nil {
				t.Fatal(err)
			}
			id, err := Serving(t.Context(), conn)
			if err != nil || id.PID != os.Getpid() {
				t.Fatalf("after read: %+v, %v", id, err)
			}
			far.Close()
			if err := serving(); !errors.Is(err, ErrClosed) {
				t.Fatalf("after close: %v", err)
			}
		})
	}
}

// BenchmarkServing looks for a server among 500 more processes. Beside the time
// it reports the CPU time, which other work on the machine does not change.
func BenchmarkServing(b *testing.B) {
	for range 500 {
		start(b, "idle")
	}
	pid, conn := startServer(b, "tcp", "127.0.0.1:0")
	if _, err := io.WriteString(conn, "GET"); err != nil {
		b.Fatal(err)
	}
	for name, likely := range map[string][]int{"anyone": nil, "likely": {pid}} {
		b.Run(name, func(b *testing.B) {
			before := cpuTime(b)
			for b.Loop() {
				if id, err := Serving(b.Context(), conn, likely...); err != nil || id.PID != pid {
					b.Fatal(id, err)
				}
			}
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
