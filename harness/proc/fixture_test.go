package proc

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"
)

// fixture is a /proc with a master (100), two workers (101, 102), a process
// with an odd name (103) and a zombie (104). Links to sockets cannot be kept in
// a repository that Windows users clone, so they are made here.
func fixture(t *testing.T) root {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/proc")); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		"100/fd/0": "/dev/null", "100/fd/5": "socket:[500]", "100/fd/6": "socket:[600]",
		"101/fd/5": "socket:[500]", "101/fd/7": "socket:[701]", "101/fd/8": "socket:[702]",
		"102/fd/5": "socket:[500]", "102/fd/8": "socket:[702]", "102/fd/9": "pipe:[701]",
	} {
		path := filepath.Join(dir, link)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	return root(dir)
}

func TestDescendants(t *testing.T) {
	r := fixture(t)
	for pid, want := range map[int][]int{1: {100, 103, 101, 102, 104}, 100: {101, 102, 104}, 101: nil, 4711: nil} {
		got, err := r.descendants(pid)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("descendants(%d) = %v, %v; want %v", pid, got, err, want)
		}
	}
}

func TestFindInFixture(t *testing.T) {
	r := fixture(t)
	if id, err := r.find(103); err != nil || id != (ID{103, 777}) {
		t.Errorf("a name with parentheses: %+v, %v", id, err)
	}
	if _, err := r.find(104); !errors.Is(err, ErrZombie) {
		t.Errorf("a zombie: %v", err)
	}
	if _, err := r.find(4711); !errors.Is(err, ErrGone) {
		t.Errorf("nobody: %v", err)
	}
}

func TestListeners(t *testing.T) {
	got, closed, err := fixture(t).listeners()
	want := []Listener{
		{Network: "tcp", Addr: netip.MustParseAddrPort("127.0.0.1:8080"), PIDs: []int{100, 101, 102}, UID: 33},
		{Network: "tcp", Addr: netip.MustParseAddrPort("[::]:9090"), UID: 0},
		{Network: "unix", Path: "/run/my app/a.sock", PIDs: []int{100}, UID: -1},
		{Network: "unix", Path: "@abstract", UID: -1},
	}
	if err != nil || closed != 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("listeners = %+v, %d, %v\nwant %+v", got, closed, err, want)
	}
}

func TestTheHolderOfAConnection(t *testing.T) {
	r := fixture(t)
	far := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	near := func(port int) net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port} }
	serving := func(port int) (ID, error) {
		e, err := r.tcpEnd(near(port), far)
		if err != nil {
			return ID{}, err
		}
		if e.inode == 0 {
			return ID{}, ErrNotAccepted
		}
		if e.unread {
			return ID{}, ErrUnread
		}
		return r.holder(e, nil)
	}
	var shared SharedError
	if id, err := serving(40001); err != nil || id.PID != 101 {
		t.Errorf("held by 101: %+v, %v", id, err)
	}
	if _, err := serving(40002); !errors.As(err, &shared) || !reflect.DeepEqual(shared, SharedError{101, 102}) {
		t.Errorf("held by two: %v", err)
	}
	for port, want := range map[int]error{
		40003: ErrNotAccepted, // inode 0
		40004: ErrUnread,      // the far end has 3 bytes to read
		40005: ErrUnread,      // the near end has 3 bytes to send
		40006: ErrElsewhere,   // only the near end is here
		40007: ErrClosed,      // the far end has closed
		40008: ErrClosed,      // nothing
		40009: ErrHidden,      // inode of nobody
		40010: ErrNotAccepted, // deferred accept
	} {
		if _, err := serving(port); !errors.Is(err, want) {
			t.Errorf("port %d: %v, want %v", port, err, want)
		}
	}
	if id, err := r.tcpEnd(near(40011), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9090}); err != nil || id.inode != 911 {
		t.Errorf("IPv4 on an IPv6 socket: %+v, %v", id, err)
	}
}

func TestParseStatus(t *testing.T) {
	raw, err := os.ReadFile("testdata/proc/101/status")
	if err != nil {
		t.Fatal(err)
	}
	st, err := parseStatus(raw)
	if err != nil || !reflect.DeepEqual(st, Status{UID: 33, NSpid: []int{101, 7}, Caught: 0x180004002}) {
		t.Errorf("%+v, %v", st, err)
	}
	if in := st.Inner(); in != 7 || (Status{NSpid: []int{101}}).Inner() != 0 {
		t.Errorf("it calls itself %d", in)
	}
	if !st.Catches(syscall.SIGTERM) || !st.Catches(syscall.SIGINT) || st.Catches(syscall.SIGQUIT) {
		t.Errorf("of SIGHUP to SIGTERM, SIGINT and SIGTERM are handled: %x", st.Caught)
	}
}

func TestParseUptime(t *testing.T) {
	got, err := parseUptime([]byte("1000.50 1900.11\n"), 90000)
	if want := 100*time.Second + 500*time.Millisecond; err != nil || got != want {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	for _, bad := range []string{"", "x", "-1 0", "NaN 0"} {
		if _, err := parseUptime([]byte(bad), 1); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestParseStrings(t *testing.T) {
	for raw, want := range map[string][]string{
		"":                       nil,
		"\x00\x00":               nil,
		"ruby\x00app.rb\x00":     {"ruby", "app.rb"},
		"a\x00\x00b\x00":         {"a", "", "b"},
		"puma 5.6.5\x00\x00\x00": {"puma 5.6.5"},
	} {
		if got := parseStrings([]byte(raw)); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}
