package target

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
)

// ofListeners are the workers of recognised servers that listen, without the
// processes in known.
func ofListeners(known []int) ([]Entry, error) {
	listeners, _, err := proc.Listeners()
	if err != nil {
		return nil, fault.Measuref("cannot tell who listens on this machine").Because(err)
	}
	slices.SortStableFunc(listeners, func(a, b proc.Listener) int { return cmp.Compare(preference(a), preference(b)) })
	var all []Entry
	for _, l := range listeners {
		at, ok := reachable(l)
		if !ok {
			continue
		}
		if len(l.PIDs) == 0 {
			if l.Network == "tcp" {
				all = append(all, hidden(l, at))
			}
			continue
		}
		ids := workers(l.PIDs)
		for _, pid := range ids {
			if slices.Contains(known, pid) {
				continue
			}
			if e, ok := listens(pid, l, at, len(ids) > 1); ok {
				all = append(all, e)
				known = append(known, pid) // its further addresses serve something else
			}
		}
	}
	return all, nil
}

// inspectorPort is where Node's debugger listens unless it is told otherwise.
const inspectorPort = 9229

// preference orders the listeners: the application's own address of a process
// that has several is taken to be a TCP one, and the lowest.
func preference(l proc.Listener) int {
	switch {
	case l.Network == "unix":
		return 1 << 17
	case l.Addr.Port() == inspectorPort:
		return 1 << 16
	}
	return int(l.Addr.Port())
}

// reachable is how a listener is connected to over loopback; false where it
// cannot be, or is no application's.
func reachable(l proc.Listener) (address, bool) {
	if l.Network == "unix" {
		return address{url: "http+unix://" + l.Path, network: "unix", at: l.Path, host: "localhost"}, strings.HasPrefix(l.Path, "/") && !controls(l)
	}
	ip := l.Addr.Addr().Unmap()
	switch {
	case ip.IsUnspecified(): // [::] takes IPv4 too, unless it was told not to
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case !ip.IsLoopback():
		return address{}, false
	}
	at := net.JoinHostPort(ip.String(), strconv.Itoa(int(l.Addr.Port())))
	return address{url: "http://" + at, network: "tcp", at: at, host: at}, true
}

// controls says that a process is asked about itself at a Unix socket, which bears
// its pid: that of leakhunt's agent (PID.sock), or a JVM's own (.java_pidPID). Node's agent
// binds PID/s and renames it: the kernel tells the first name.
func controls(l proc.Listener) bool {
	dir, name := filepath.Split(l.Path)
	name, jvm := strings.CutPrefix(name, ".java_pid")
	name, agent := strings.CutSuffix(name, ".sock")
	if name == "s" && !jvm && !agent {
		name, agent = filepath.Base(dir), true
	}
	pid, err := strconv.Atoi(name)
	return err == nil && jvm != agent && slices.ContainsFunc(l.PIDs, func(holder int) bool {
		return holder == pid || InContainer(holder) == pid
	})
}

// workers are those of the holders of a listening socket that serve: without a
// master, which is another's parent and of the same program. The primary of a
// Node cluster is the only holder, and serves nothing; its workers do.
func workers(holders []int) []int {
	masters := map[int]bool{}
	for _, pid := range holders {
		if parent, err := proc.Parent(pid); err == nil && sameProgram(pid, parent) {
			masters[parent] = true
		}
	}
	var found []int
	for _, pid := range holders {
		if masters[pid] {
			continue
		}
		if cluster := clustered(pid); len(cluster) > 0 {
			found = append(found, cluster...)
			continue
		}
		found = append(found, pid)
	}
	return found
}

// clustered are the workers of a Node cluster's primary, which tells each of
// them its number by the environment (lib/internal/cluster/primary.js).
func clustered(pid int) []int {
	if Identify(pid).Runtime != "node" {
		return nil
	}
	below, err := proc.Descendants(pid)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(below, func(child int) bool {
		env, err := proc.Environ(child)
		return err != nil || !slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, "NODE_UNIQUE_ID=") })
	})
}

// listens describes a process that listens; false for what is no application.
func listens(pid int, l proc.Listener, at address, several bool) (Entry, bool) {
	what := Identify(pid)
	switch {
	case slices.Contains(passers, what.Server), what.Server == "passenger":
		return Entry{}, false
	case what.Server == "" && (what.Runtime == "" || l.Network == "unix"):
		return Entry{}, false
	}
	e := Entry{
		Server: cmp.Or(what.Server, what.Runtime), App: folder(pid), PID: pid,
		Address: at.at, Protocol: "http", Processed: -1, endpoint: at.endpoint(),
	}
	if l.Network == "unix" {
		e.Address = "unix:" + at.at
	}
	switch what.Server {
	case "php-fpm":
		e.App, e.Protocol = cmp.Or(fpmPool(pid), e.App), "fastcgi"
		dir, _ := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
		e.endpoint.Protocol = load.FastCGI{Root: dir}
		if isMaster(pid) {
			e.trouble(fault.Measuref("php-fpm runs no worker at the moment").WithHint("For a run: %s.", advices["php-fpm"].single))
		}
	case "uwsgi":
		if !speaksHTTP(pid) {
			e.Protocol = "uwsgi"
			e.trouble(fault.Measuref("it speaks the uwsgi protocol").WithHint("Let it speak HTTP: --http-socket %s.", at.at))
		}
	}
	if several {
		e.shared(pid, at)
	}
	return e, true
}

// shared makes the endpoint of a worker beside others at the same address.
func (e *Entry) shared(pid int, at address) {
	if e.Protocol != "http" {
		e.trouble(fault.Measuref("several workers share its address, and FastCGI requests go to any of them").WithHint("%s", Identify(pid).single()))
		return
	}
	id, err := proc.Find(pid)
	if err != nil {
		e.trouble(err)
		return
	}
	e.endpoint.Dial = func(ctx context.Context) (net.Conn, error) {
		conn, err := at.kept(ctx, id, "/")
		if errors.Is(err, errNotKept) {
			return nil, fault.Measuref("pid %d shares its address with other workers, and no connection is kept that would be its own", pid).
				WithHint("%s", Identify(pid).single())
		}
		return conn, err
	}
}

// isMaster says whether a process of php-fpm is the one that starts the others.
func isMaster(pid int) bool {
	argv, err := proc.Cmdline(pid)
	return err == nil && len(argv) > 0 && strings.HasPrefix(argv[0], "php-fpm: master")
}

// speaksHTTP goes by uwsgi's own options; its main socket speaks uwsgi. Where
// they stand in a file, HTTP is assumed.
func speaksHTTP(pid int) bool {
	argv, err := proc.Cmdline(pid)
	line := strings.Join(argv, " ")
	return err != nil || strings.Contains(line, "--http") || !strings.Contains(line, "--socket") && !strings.Contains(line, " -s ")
}

// hidden is a listener whose process may not be looked at.
func hidden(l proc.Listener, at address) Entry {
	e := Entry{Address: at.at, Processed: -1}
	if os.Getuid() == 0 {
		e.trouble(fault.Measuref("its process is not to be seen from here").
			WithHint("%s", together))
		return e
	}
	remedy := "sudo leakhunt processes"
	if l.UID > 0 {
		remedy += ", or sudo -u " + proc.UserName(l.UID) + " leakhunt processes"
	}
	e.trouble(fault.Measuref("it belongs to user %s and may not be looked at", proc.UserName(l.UID)).WithHint("%s", remedy))
	return e
}
