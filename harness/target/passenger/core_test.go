package passenger

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fakeInstance makes the folder of an instance whose core answers as handler
// does, and whose watchdog lives where held is true.
func fakeInstance(t *testing.T, held bool, handler http.HandlerFunc) (registry string) {
	t.Helper()
	registry, err := os.MkdirTemp("", "lh") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(registry) })
	dir := registry + "/passenger.abc"
	if err := os.MkdirAll(dir+"/agents.s", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"lock": "", "creation_finalized": "", "core.pid": "42", "full_admin_password.txt": "full", "read_only_admin_password.txt": "read",
		"properties.json": `{"name": "Q1w2", "server_software": "Apache/2.4", "passenger_version": "6.0.17", "watchdog_pid": 41}`,
	} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if held {
		f, err := os.Open(dir + "/lock")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
			t.Fatal(err)
		}
	}
	if handler != nil {
		l, err := net.Listen("unix", dir+"/agents.s/core_api")
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
		go s.Serve(l) //nolint:errcheck // ends with the test
		t.Cleanup(func() { _ = s.Close() })
	}
	return registry
}

func discover(t *testing.T, registry string) Instance {
	t.Helper()
	found, err := Discover(t.Context(), Options{Registry: []string{registry, registry}})
	if err != nil || len(found) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	return found[0]
}

func TestDiscover(t *testing.T) {
	pool := string(read(t, "pool-6.0.17.xml"))
	serve := func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.URL.String() != "/pool.xml?secrets=true" || user != "ro_admin" || password != "read" {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = io.WriteString(w, pool)
	}
	in := discover(t, fakeInstance(t, true, serve))
	if in.Err != nil || in.Name != "Q1w2" || in.Core != 42 || in.Watchdog != 41 || in.Server != "Apache/2.4" || len(in.Apps) != 3 {
		t.Errorf("%+v", in)
	}
	status := func(code int, header string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Pool-Empty", header)
			w.WriteHeader(code)
		}
	}
	for name, c := range map[string]struct {
		held    bool
		handler http.HandlerFunc
		spoil   string // a file that is taken away
		want    error
		text    string
	}{
		"stale":          {handler: serve, want: ErrStale},
		"no lock at all": {handler: serve, spoil: "lock", want: ErrStale},
		"starting":       {held: true, handler: serve, spoil: "creation_finalized", want: ErrStarting},
		"corrupted":      {held: true, handler: serve, spoil: "properties.json", want: os.ErrNotExist},
		"no core":        {held: true, want: errNoCore},
		"denied":         {held: true, handler: status(401, ""), want: ErrDenied},
		"empty":          {held: true, handler: status(401, "true")},
		"broken":         {held: true, handler: status(500, ""), want: errNoCore, text: "status 500"},
		"malformed": {held: true, handler: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, pool[:999])
		}, text: "malformed status of Passenger: XML syntax error"},
		"cut off": {held: true, handler: func(w http.ResponseWriter, _ *http.Request) {
			panic(http.ErrAbortHandler)
		}, want: errNoCore},
	} {
		t.Run(name, func(t *testing.T) {
			registry := fakeInstance(t, c.held, c.handler)
			if c.spoil != "" {
				if err := os.Remove(registry + "/passenger.abc/" + c.spoil); err != nil {
					t.Fatal(err)
				}
			}
			in := discover(t, registry)
			if c.want == nil && c.text == "" {
				if in.Err != nil || len(in.Apps) != 0 {
					t.Errorf("%+v", in)
				}
				return
			}
			if in.Err == nil || c.want != nil && !errors.Is(in.Err, c.want) || !strings.Contains(in.Err.Error(), c.text) || len(in.Apps) != 0 {
				t.Errorf("%v, want %v %q", in.Err, c.want, c.text)
			}
		})
	}
}

func TestDiscoverOldAndNone(t *testing.T) {
	registry := t.TempDir()
	if err := os.MkdirAll(registry+"/passenger.1.0.77/generation-0", 0o755); err != nil {
		t.Fatal(err)
	}
	if in := discover(t, registry); !errors.Is(in.Err, ErrOld) {
		t.Errorf("%+v", in)
	}
	if found, err := Discover(t.Context(), Options{Registry: []string{t.TempDir()}}); err != nil || len(found) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := Discover(t.Context(), Options{Registry: []string{registry + "/none"}}); err == nil {
		t.Error("a registry that is not there is no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Discover(ctx, Options{Registry: []string{registry}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A web server with a /tmp of its own says its sockets' paths as it sees them.
func TestRelocated(t *testing.T) {
	pool := strings.ReplaceAll(string(read(t, "pool-6.0.17.xml")), "/run/reg/passenger.efYaj7N", "/tmp/passenger.abc")
	registry := fakeInstance(t, true, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, pool) })
	in := discover(t, registry)
	s, ok := in.Apps[0].Processes[0].Session()
	if !ok || filepath.Dir(s.Address) != registry+"/passenger.abc/apps.s" {
		t.Errorf("%+v", s)
	}
}

func TestRegistries(t *testing.T) {
	t.Setenv("PASSENGER_INSTANCE_REGISTRY_DIR", "/only")
	if got := strings.Join(Registries(), " "); got != "/only" {
		t.Errorf("%s", got)
	}
	t.Setenv("PASSENGER_INSTANCE_REGISTRY_DIR", "")
	t.Setenv("TMPDIR", "/mine")
	if got := strings.Join(Registries(), " "); !strings.HasPrefix(got, "/mine /tmp /var/run/passenger-instreg") {
		t.Errorf("%s", got)
	}
}

func TestDetachAndSettings(t *testing.T) {
	registry := fakeInstance(t, true, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		full := user == "admin" && password == "full"
		switch {
		case r.URL.Path == "/config.json" && full:
			_, _ = io.WriteString(w, `{"pool_idle_time": {"effective_value": 300}, "default_max_requests": {"effective_value": 7}}`)
		case r.URL.Path == "/pool.json":
			_, _ = io.WriteString(w, `{"shop": {"max_requests": [{"value": 9}, {"value": 0}]}, "odd": {}}`)
		case r.Method == http.MethodPost && r.URL.Path == "/pool/detach_process.json" && full:
			var said struct{ PID int }
			if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
				t.Error(err)
			}
			_ = json.NewEncoder(w).Encode(map[string]bool{"detached": said.PID == 5})
		default:
			_, _ = io.WriteString(w, "<info></info>")
		}
	})
	in := discover(t, registry)
	for app, requests := range map[string]int{"shop": 9, "odd": 7, "other": 7} {
		s, err := in.Settings(t.Context(), app)
		if err != nil || s.IdleTime != 300*time.Second || s.MaxRequests != requests {
			t.Errorf("%s: %+v, %v", app, s, err)
		}
	}
	if err := in.Detach(t.Context(), 5); err != nil {
		t.Error(err)
	}
	if err := in.Detach(t.Context(), 6); err == nil || !strings.Contains(err.Error(), "process 6 is not in the pool") {
		t.Error(err)
	}
}

func TestFromCommand(t *testing.T) {
	for name, c := range map[string]struct {
		argv []string
		want string // "" means it works
	}{
		"a file":        {argv: []string{"cat", "testdata/pool-6.0.17.xml"}},
		"text":          {argv: []string{"cat", "testdata/states.txt"}},
		"no command":    {want: "empty"},
		"not there":     {argv: []string{"/nonexistent/status"}, want: "no such file"},
		"fails":         {argv: []string{"sh", "-c", "echo oh no >&2; exit 3"}, want: "oh no"},
		"says nothing":  {argv: []string{"true"}, want: "neither the XML nor the text"},
		"none runs":     {argv: []string{"sh", "-c", `echo "ERROR: Phusion Passenger doesn't seem to be running." >&2; exit 1`}, want: ErrNoInstance.Error()},
		"denied":        {argv: []string{"sh", "-c", `echo "*** ERROR: You are not authorized" >&2; exit 2`}, want: ErrDenied.Error()},
		"several":       {argv: []string{"sh", "-c", `echo "It appears that multiple instances"; exit 1`}, want: ErrManyInstances.Error()},
		"right, and 1":  {argv: []string{"sh", "-c", "cat testdata/pool-6.0.17.xml; exit 1"}, want: "exit status 1"},
		"says too much": {argv: []string{"sh", "-c", "yes | head -c 100000 >&2; exit 1"}, want: "exit status 1"},
		"without end":   {argv: []string{"yes"}, want: "prints without end: more than 4.0 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := FromCommand(t.Context(), c.argv)
			if c.want == "" {
				if err != nil || len(in.Apps) < 2 {
					t.Errorf("%+v, %v", in, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 500 {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
