package runtimes

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
)

// serveAgent listens where this very process's agent would, and answers each
// line with what reply gives; an empty reply closes the connection.
func serveAgent(t *testing.T, reply func(n int, command string) string) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lh") //nolint:usetesting // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	accept(t, filepath.Join(dir, fmt.Sprintf("%d.sock", os.Getpid())), func(conn net.Conn) {
		lines := bufio.NewScanner(conn)
		for n := 0; lines.Scan(); n++ {
			out := reply(n, lines.Text())
			if out == "" {
				break
			}
			_, _ = conn.Write([]byte(out))
		}
	})
	return dir
}

// accept hands each connection to a Unix socket to serve, one after the other,
// and closes it.
func accept(t *testing.T, path string, serve func(net.Conn)) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
}

const twelve = `{"leakhunt":1,"counters":[{"name":"live objects","unit":"objects","exact":true,"value":12}]}` + "\n"

func TestAgentReads(t *testing.T) {
	dir := serveAgent(t, func(_ int, command string) string {
		if command == "trace on" {
			return `{"leakhunt":1,"tracing":true}` + "\n"
		}
		if command == "trace off" {
			return `{"leakhunt":1,"sites":[{"file":"/gems/x/pool.rb","line":50,"objects":200,"bytes":8000,` +
				`"stack":[{"file":"/gems/x/pool.rb","line":50},{"file":"/srv/app.rb","line":3,"function":"show"}]}]}` + "\n"
		}
		return twelve
	})
	a, err := Dial(t.Context(), dir, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	values, err := a.Read(t.Context())
	if err != nil || len(values) != 1 || values[0] != 12 || a.Columns()[0].Name != "live objects" {
		t.Fatalf("got %v, %v of %v", values, err, a.Columns())
	}
	if err := a.StartTrace(t.Context()); err != nil {
		t.Fatal(err)
	}
	sites, err := a.StopTrace(t.Context())
	if err != nil || len(sites) != 1 {
		t.Fatalf("got %v, %v", sites, err)
	}
	if s := sites[0]; s.Owner != OwnerLibrary || s.Caller != "/srv/app.rb:3 show" || s.ObjectsPerRequest != 200 {
		t.Errorf("got %+v", s)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if _, err := a.Read(t.Context()); fault.KindOf(err) != fault.Measure {
		t.Errorf("a closed agent answers: %v", err)
	}
}

func TestAgentGoesWrong(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	for _, c := range []struct {
		name  string
		reply func(n int, command string) string
		want  string
	}{
		{"ends in the middle", func(n int, _ string) string { return map[bool]string{true: twelve}[n == 0] }, "went away in the middle"},
		{"half an answer", func(n int, _ string) string { return map[bool]string{true: twelve, false: `{"leakhunt":1,`}[n == 0] }, "does not answer"},
		{"garbage", func(n int, _ string) string { return map[bool]string{true: twelve, false: "\x00\xff\n"}[n == 0] }, "no answer"},
		{"says nothing", func(n int, _ string) string {
			if n > 0 {
				<-block
			}
			return twelve
		}, "does not answer"},
		{"answers twice", func(n int, _ string) string { return strings.Repeat(twelve, 2-min(n, 1)) }, "more than it was asked"},
		{"other counters", func(n int, _ string) string {
			return map[bool]string{true: twelve, false: strings.Replace(twelve, "live objects", "live blocks", 1)}[n == 0]
		}, "counters changed"},
		{"other unit", func(n int, _ string) string {
			return map[bool]string{true: twelve, false: strings.Replace(twelve, `"unit":"objects"`, `"unit":"bytes"`, 1)}[n == 0]
		}, "counters changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := Dial(t.Context(), serveAgent(t, c.reply), os.Getpid())
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			ctx := t.Context()
			if c.want == "does not answer" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
			}
			values, err := a.Read(ctx)
			if err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) != fault.Measure {
				t.Fatalf("got %v, want a Measure error with %q", err, c.want)
			}
			_ = values
		})
	}
}

// An agent that reports an error of its own can be asked again.
func TestAgentGoesOnAfterItsOwnError(t *testing.T) {
	dir := serveAgent(t, func(n int, _ string) string {
		if n == 1 {
			return `{"leakhunt":1,"error":"busy"}` + "\n"
		}
		return twelve
	})
	a, err := Dial(t.Context(), dir, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if _, err := a.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "busy") {
		t.Fatalf("got %v", err)
	}
	if _, err := a.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestDialRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fmt.Sprintf("%d.sock", os.Getpid()))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, dir, os.Getpid()); err == nil || !strings.Contains(err.Error(), "has no agent") || fault.HintOf(err) == "" {
		t.Errorf("no socket: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), dir, os.Getpid()); err == nil || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("a plain file: %v", err)
	}
	target := filepath.Join(serveAgent(t, func(int, string) string { return twelve }), filepath.Base(path))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), dir, os.Getpid()); err == nil || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("a link to a socket: %v", err)
	}
}

func TestOwnerMustBeTheProcessUser(t *testing.T) {
	if err := sameUser("/x/1.sock", 1, 1000, 33); err == nil || !strings.Contains(err.Error(), "belongs to user 1000") {
		t.Errorf("got %v", err)
	}
	if err := sameUser("/x/1.sock", 1, 33, 33); err != nil {
		t.Error(err)
	}
}

// Where containers share a folder, the socket of one may lie at the path of
// another: its counters are another process's.
func TestAgentOfAnotherProcess(t *testing.T) {
	dir := serveAgent(t, func(int, string) string { return twelve })
	own := filepath.Join(dir, fmt.Sprintf("%d.sock", os.Getpid()))
	if err := os.Rename(own, filepath.Join(dir, fmt.Sprintf("%d.sock", os.Getppid()))); err != nil {
		t.Fatal(err)
	}
	_, err := Dial(t.Context(), dir, os.Getppid())
	want := fmt.Sprintf("process %d listens, not process %d", os.Getpid(), os.Getppid())
	if fault.KindOf(err) != fault.Measure || !strings.Contains(err.Error(), want) || fault.HintOf(err) == "" {
		t.Errorf("got %v, want %q", err, want)
	}
}
