package target

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/proc"
	"leakhunt/harness/proc/proctest"
	"leakhunt/harness/target/passenger"
	"leakhunt/scenarios"
)

func process(pid, sessions int, processed int64, enabled string) passenger.Process {
	return passenger.Process{PID: pid, GUPID: "g", Sessions: sessions, Processed: processed, Enabled: enabled, Life: "ALIVE", Password: "hunter2"}
}

func instance(name string, apps ...passenger.App) passenger.Instance {
	return passenger.Instance{Name: name, Dir: "/r/passenger." + name, Pool: passenger.Pool{Apps: apps}}
}

// A pid that is not found means a container, or a process that has ended where
// Passenger's own pid is right here.
func TestUnfound(t *testing.T) {
	core := &exec.Cmd{Path: "/bin/sleep", Args: []string{"Passenger core", "60"}}
	proctest.Start(t, core)
	for _, c := range []struct {
		core int
		err  error
		want string
	}{
		{core.Process.Pid, proc.ErrGone, "has ended, and Passenger has not noticed yet"},
		{core.Process.Pid, proc.ErrZombie, "has ended, and Passenger has not noticed yet"},
		{os.Getpid(), proc.ErrGone, "not to be seen from here"},
		{0, proc.ErrGone, "not to be seen from here"}, // by a status command
	} {
		if err := unfound(passenger.Instance{Core: c.core}, c.err); !strings.Contains(err.Error(), c.want) || err.Hint == "" {
			t.Errorf("core %d, %v: %v (%s), want %q", c.core, c.err, err, err.Hint, c.want)
		}
	}
}

func TestChoose(t *testing.T) {
	ready := passenger.Enabled
	shop := passenger.App{Name: "/srv/shop (production)", Root: "/srv/shop", Environment: "production", Processes: []passenger.Process{
		process(1, 1, 0, ready), process(2, 0, 9, ready), process(3, 0, 4, ready), process(4, 0, 0, passenger.Detached),
	}}
	other := passenger.App{Name: "/srv/old/shop (production)", Root: "/srv/old/shop", Environment: "production", Processes: []passenger.Process{process(5, 0, 0, ready)}}
	chat := passenger.App{Name: "chat", Root: "/srv/chat", Processes: []passenger.Process{process(6, 0, 0, ready)}}
	empty := passenger.App{Name: "empty", Root: "/srv/empty"}
	leaving := passenger.App{Name: "leaving", Root: "/srv/l", Processes: []passenger.Process{process(7, 0, 0, passenger.Detached)}}
	spawning := passenger.App{Name: "spawning", Root: "/srv/s", Spawning: true}
	one := []passenger.Instance{instance("Abc", shop, chat, empty, leaving, spawning)}
	failed := func(err error) []passenger.Instance {
		return []passenger.Instance{{Name: "Xyz", Dir: "/r/passenger.Xyz", Err: err}}
	}
	for name, c := range map[string]struct {
		found []passenger.Instance
		want  scenarios.Passenger
		pid   int    // chosen
		err   string // or a part of its error and hint
		later bool   // and one that may come to be right
	}{
		"fewest in hand, then fewest served": {found: one, want: scenarios.Passenger{App: "shop"}, pid: 3},
		"by its folder":                      {found: one, want: scenarios.Passenger{App: "/srv/shop/"}, pid: 3},
		"by its whole name":                  {found: one, want: scenarios.Passenger{App: "/srv/shop (production)"}, pid: 3},
		"by pid":                             {found: one, want: scenarios.Passenger{PID: 1}, pid: 1},
		"pid of another app":                 {found: one, want: scenarios.Passenger{App: "chat", PID: 1}, err: "no process 1; there are: /srv/shop (production), instance Abc (pid 1, 2, 3, 4); chat in /srv/chat"},
		"pid on its way out":                 {found: one, want: scenarios.Passenger{PID: 4}, err: "pid 4 of /srv/shop (production) is on its way out (detached)"},
		"no such app":                        {found: one, want: scenarios.Passenger{App: "shpo"}, err: `no application "shpo"; there are: /srv/shop (production)`},
		"which app":                          {found: one, err: "runs 5 applications"},
		"the only app":                       {found: []passenger.Instance{instance("A", chat)}, pid: 6},
		"two apps of one name":               {found: []passenger.Instance{instance("A", shop, other)}, want: scenarios.Passenger{App: "shop"}, err: `2 applications are called "shop"`},
		"one of them by its folder":          {found: []passenger.Instance{instance("A", shop, other)}, want: scenarios.Passenger{App: "/srv/old/shop"}, pid: 5},
		"an exact name before a folder's": {found: []passenger.Instance{instance("A", shop, passenger.App{
			Name: "shop", Root: "/x", Processes: []passenger.Process{process(8, 0, 0, ready)},
		})}, want: scenarios.Passenger{App: "shop"}, pid: 8},
		"two instances":    {found: []passenger.Instance{instance("A", chat), instance("B", chat)}, want: scenarios.Passenger{App: "chat"}, err: "target.passenger.instance"},
		"one of them":      {found: []passenger.Instance{instance("Ax", chat), instance("B", chat)}, want: scenarios.Passenger{Instance: "A"}, pid: 6},
		"no such instance": {found: one, want: scenarios.Passenger{Instance: "Q"}, err: `no Passenger instance "Q"; there are: Abc`},
		"nothing":          {err: "no Passenger is running that can be found"},
		"only stale":       {found: failed(passenger.ErrStale), err: "left behind by instances that have ended: 1"},
		"stale beside it":  {found: append(failed(passenger.ErrStale), instance("A", chat)), pid: 6},
		"denied":           {found: failed(passenger.ErrDenied), err: "sudo"},
		"denied beside it": {found: append(failed(passenger.ErrDenied), instance("A", chat)), pid: 6},
		"old":              {found: failed(passenger.ErrOld), err: "status_command"},
		"broken":           {found: failed(errors.New("malformed")), err: "malformed"},
		"starting":         {found: failed(passenger.ErrStarting), err: "still starting", later: true},
		"no app yet":       {found: []passenger.Instance{instance("A")}, err: "runs no application", later: true},
		"no process":       {found: one, want: scenarios.Passenger{App: "empty"}, err: "has no process at the moment", later: true},
		"leaving":          {found: one, want: scenarios.Passenger{App: "leaving"}, err: "restarting leaving", later: true},
		"spawning":         {found: one, want: scenarios.Passenger{App: "spawning"}, err: "starting spawning", later: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := choose(c.found, c.want, nil)
			if c.err == "" {
				if err != nil || got.process.PID != c.pid {
					t.Errorf("chose pid %d, %v; want %d", got.process.PID, err, c.pid)
				}
				return
			}
			if err == nil {
				t.Fatalf("chose pid %d", got.process.PID)
			}
			var later *notYet
			text := err.Error() + "\n" + fault.HintOf(err)
			if !strings.Contains(text, c.err) || fault.HintOf(err) == "" || fault.KindOf(err) != fault.Measure || errors.As(err, &later) != c.later {
				t.Errorf("%s (later %t), want %q", text, errors.As(err, &later), c.err)
			}
			if strings.Contains(text, "hunter2") {
				t.Errorf("the password is shown: %s", text)
			}
		})
	}
}

func TestPassengerEndpoint(t *testing.T) {
	session := passenger.Socket{Network: "unix", Address: "/s", Protocol: "session"}
	tcp := passenger.Socket{Network: "tcp", Address: "127.0.0.1:1", Protocol: "http"}
	unix := passenger.Socket{Network: "unix", Address: "/n", Protocol: "http"}
	for name, c := range map[string]struct {
		appType, protocol string
		uid               int
		sockets           []passenger.Socket
		url               string
		password, session bool
		err               string
	}{
		"Ruby":                {appType: "ruby", sockets: []passenger.Socket{session, tcp}, url: "http://127.0.0.1:1", password: true},
		"Ruby, session":       {appType: "ruby", protocol: "session", sockets: []passenger.Socket{session, tcp}, url: "session+unix:///s", session: true},
		"Node":                {appType: "nodejs", sockets: []passenger.Socket{unix}, url: "http+unix:///n"},
		"Node, session":       {appType: "nodejs", protocol: "session", sockets: []passenger.Socket{unix}, err: "It speaks http"},
		"Python":              {appType: "python", sockets: []passenger.Socket{session}, url: "session+unix:///s", session: true},
		"Python, http":        {appType: "python", protocol: "http", sockets: []passenger.Socket{session}, err: "It speaks session"},
		"generic":             {sockets: []passenger.Socket{tcp}, url: "http://127.0.0.1:1"},
		"text form, Ruby":     {uid: -1, sockets: []passenger.Socket{tcp}, url: "http://127.0.0.1:1", password: true},
		"text form, Node":     {uid: -1, sockets: []passenger.Socket{unix}, url: "http+unix:///n"},
		"text form, no URL":   {uid: -1, err: "--show=xml --verbose"},
		"named http, 5.0":     {appType: "rack", sockets: []passenger.Socket{{Name: "main", Network: "unix", Address: "/s", Protocol: "session"}, {Name: "http", Network: "tcp", Address: "127.0.0.1:2", Protocol: "http"}}, url: "http://127.0.0.1:2", password: true},
		"http_session in 5.x": {appType: "node", sockets: []passenger.Socket{{Name: "main", Network: "unix", Address: "/n", Protocol: "http_session"}}, url: "http+unix:///n"},
	} {
		t.Run(name, func(t *testing.T) {
			chosen := chosen{
				app:     passenger.App{Name: "shop", Type: c.appType, UID: c.uid},
				process: passenger.Process{PID: 7, Sockets: c.sockets, Password: "hunter2"},
			}
			ep, err := chosen.endpoint(c.protocol)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error()+fault.HintOf(err), c.err) {
					t.Errorf("%v (%s), want %q", err, fault.HintOf(err), c.err)
				}
				return
			}
			if err != nil || shown(ep) != c.url {
				t.Fatalf("%s, %v; want %s", shown(ep), err, c.url)
			}
			if got := ep.Header.Get("X-Passenger-Connect-Password"); (got == "hunter2") != c.password || (got == "") == c.password {
				t.Errorf("password in a header: %t, want %t", got != "", c.password)
			}
			if p, ok := ep.Protocol.(load.Session); ok != c.session || ok && p.Password != "hunter2" {
				t.Errorf("protocol %T", ep.Protocol)
			}
			if p, ok := ep.Protocol.(load.HTTP); ok && p.SplitBody != c.password {
				t.Errorf("SplitBody %t, want %t", p.SplitBody, c.password)
			}
		})
	}
}

func TestPassengerAdvice(t *testing.T) {
	for name, c := range map[string]struct {
		settings *passenger.Settings
		server   string
		min, n   int
		want     []string
	}{
		"safe":                {settings: &passenger.Settings{IdleTime: 300 * time.Second}, min: 1, n: 1},
		"never idle":          {settings: &passenger.Settings{}, min: 1, n: 3},
		"idle":                {settings: &passenger.Settings{IdleTime: 300 * time.Second}, server: "Apache/2.4", min: 1, n: 2, want: []string{"passenger-idle", "PassengerPoolIdleTime 0"}},
		"idle, Nginx":         {settings: &passenger.Settings{IdleTime: time.Second}, server: "nginx/1.22", min: 0, n: 1, want: []string{"passenger-idle", "passenger_pool_idle_time 0;"}},
		"minimum unknown":     {settings: &passenger.Settings{IdleTime: time.Second}, min: -1, n: 1, want: []string{"passenger-idle"}},
		"max requests":        {settings: &passenger.Settings{MaxRequests: 9}, server: "Phusion_Passenger/6.0.17", min: 1, n: 1, want: []string{"passenger-max-requests", "--max-requests 0"}},
		"settings unreadable": {server: "Apache/2.4", want: []string{"passenger-settings", "PassengerMaxPoolSize 1, PassengerMinInstances 1, PassengerPoolIdleTime 0, PassengerMaxRequests 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := passengerPinned{chosen: chosen{
				instance: passenger.Instance{Server: c.server},
				app:      passenger.App{Name: "shop", MinProcesses: c.min, Processes: make([]passenger.Process, c.n)},
			}}
			p.id = proc.ID{PID: 7}
			got := p.advise(c.settings)
			if len(got) != min(len(c.want), 1) {
				t.Fatalf("%v, want %v", got, c.want)
			}
			for _, want := range c.want {
				if text := got[0].Code + " " + got[0].Message; !strings.Contains(text, want) {
					t.Errorf("%s, want %q", text, want)
				}
			}
		})
	}
}

// A server that ends every connection without a byte has not taken the
// password, whatever the request was.
func TestPassengerExplainsPassword(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096)) // else the kernel resets it
			_ = conn.Close()
		}
	}()
	id, err := proc.Find(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	p := passengerPinned{ep: load.Endpoint{Network: "tcp", Address: l.Addr().String()}}
	p.id, p.info.Runtime, p.app.Name = id, "ruby", "shop"
	cause := fault.Measuref("no answer").Because(load.ErrClosed)
	if got := p.Explain(t.Context(), cause); !strings.Contains(got.Error(), "does not take the connect password") {
		t.Error(got)
	}
	p.info.Runtime = "python"
	if got := p.Explain(t.Context(), cause); !strings.Contains(got.Error(), "raised an exception") {
		t.Error(got)
	}
	other := fault.Measuref("no answer").Because(load.ErrTimeout)
	if got := p.Explain(t.Context(), other); !errors.Is(got, load.ErrTimeout) || strings.Contains(got.Error(), "exception") {
		t.Error(got)
	}
}

// The pool's word counts while the process still runs.
func TestPassengerInPool(t *testing.T) {
	id, err := proc.Find(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	status := func(processes string) string {
		return "<info><supergroups><supergroup><group><name>shop</name><processes>" + processes + "</processes></group></supergroup></supergroups></info>"
	}
	own := fmt.Sprintf("<process><pid>%d</pid><gupid>a</gupid><life_status>ALIVE</life_status><enabled>ENABLED</enabled></process>", id.PID)
	next := strings.NewReplacer(fmt.Sprint(id.PID), "999999", "<gupid>a", "<gupid>b").Replace(own)
	for name, c := range map[string]struct{ xml, want string }{
		"in the pool":       {status(own), ""},
		"disabled":          {status(strings.Replace(own, "ENABLED", "DISABLED", 1)), ""},
		"gone from it":      {status(""), "it is no longer in the pool"},
		"replaced":          {status(next), "it is no longer in the pool; pid 999999 of shop runs in its place"},
		"under its pid":     {status(strings.Replace(own, "<gupid>a", "<gupid>b", 1)), "it is no longer in the pool"},
		"detached":          {status(strings.Replace(own, "ENABLED", "DETACHED", 1) + next), "it is shutting down; pid 999999 of shop runs in its place"},
		"shutting down":     {status(strings.Replace(own, "ALIVE", "SHUTDOWN_TRIGGERED", 1)), "it is shutting down"},
		"no instance":       {"ERROR: Phusion Passenger doesn't seem to be running.", "no longer answers"},
		"malformed, though": {"<info>", "no longer answers"},
	} {
		t.Run(name, func(t *testing.T) {
			file := t.TempDir() + "/status"
			if err := os.WriteFile(file, []byte(c.xml), 0o600); err != nil {
				t.Fatal(err)
			}
			p := passengerPinned{
				target: &passengerTarget{want: scenarios.Passenger{StatusCommand: []string{"cat", file}}},
				chosen: chosen{app: passenger.App{Name: "shop"}, process: passenger.Process{PID: id.PID, GUPID: "a"}},
				beside: []string{"a"},
			}
			p.id, p.many, p.info.Server = id, true, "passenger"
			err := p.Check(t.Context(), nil)
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), fmt.Sprint(id.PID)) || fault.HintOf(err) == "" {
				t.Errorf("%v (%s), want %q", err, fault.HintOf(err), c.want)
			}
			if err := p.Check(t.Context(), nil); err != nil {
				t.Errorf("the command was run again at once: %v", err)
			}
		})
	}
}
