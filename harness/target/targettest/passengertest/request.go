package passengertest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"leakhunt/harness/proc"
	"leakhunt/harness/target/passenger"
)

var ctx = context.Background()

// Get asks an application through the web server, which lets Passenger start
// it where it does not run yet, and returns the answer's body.
func (s *Server) Get(t testing.TB, app, uri string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", s.Port, uri), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = app + ".test"
	client := http.Client{Timeout: startWithin, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		log, _ := os.ReadFile(s.Log)
		t.Fatalf("%v\n%s", err, log)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		log, _ := os.ReadFile(s.Log)
		t.Fatalf("%s %s: status %d, %v\n%s", app, uri, resp.StatusCode, err, log)
	}
	return string(body)
}

// Warm starts every application and waits until each has as many processes as
// App.Processes says. It returns the instance.
func (s *Server) Warm(t testing.TB) passenger.Instance {
	t.Helper()
	for _, app := range s.Apps {
		s.Get(t, app.Name, "/pid")
	}
	return s.Await(t, func(in *passenger.Instance) bool {
		ready := 0
		for i, app := range in.Apps {
			n := 0
			for j := range app.Processes {
				if in.Apps[i].Processes[j].Ready() {
					n++
				}
			}
			if want := max(s.processesOf(app.Name), 1); n >= want {
				ready++
			}
		}
		return ready == len(s.Apps)
	})
}

// Await reads the instance again and again until it is as wanted.
func (s *Server) Await(t testing.TB, wanted func(*passenger.Instance) bool) passenger.Instance {
	t.Helper()
	var seen []passenger.Instance
	for end := time.Now().Add(startWithin); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		found, err := passenger.Discover(ctx, passenger.Options{Registry: []string{s.Registry}})
		if err != nil {
			t.Fatal(err)
		}
		seen = found
		for i := range found {
			if found[i].Err == nil && wanted(&found[i]) {
				return found[i]
			}
		}
	}
	log, _ := os.ReadFile(s.Log)
	t.Fatalf("the instance does not come to be as wanted: %+v\n%s", seen, log)
	return passenger.Instance{}
}

func (s *Server) processesOf(name string) int {
	for _, app := range s.Apps {
		if app.Name == name {
			return app.Processes
		}
	}
	return s.Apps[0].Processes // Standalone names its application after the folder
}

// gone waits until the processes have ended, and ends those that stay.
func gone(ids []proc.ID) {
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if !anyLeft(ids) {
			return
		}
	}
	for _, id := range ids {
		if id.Check() == nil {
			_ = syscall.Kill(id.PID, syscall.SIGKILL)
		}
	}
}

func anyLeft(ids []proc.ID) bool {
	for _, id := range ids {
		if id.Check() == nil {
			return true
		}
	}
	return false
}

func endWithin(end <-chan struct{}, d time.Duration) bool {
	select {
	case <-end:
		return true
	default: // the end comes first where d is over too
	}
	select {
	case <-end:
		return true
	case <-time.After(d):
		return false
	}
}

// Touch asks an application as Get does, and lets whatever comes of it be: it
// is for applications whose processes end meanwhile.
func (s *Server) Touch(app, uri string) {
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", s.Port, uri), nil)
	if err != nil {
		return
	}
	req.Host = app + ".test"
	client := http.Client{Timeout: startWithin, Transport: &http.Transport{DisableKeepAlives: true}}
	if resp, err := client.Do(req); err == nil {
		_ = resp.Body.Close()
	}
}

// Serves says whether the pool still gives requests to a process, as far as it
// answers at all.
func (s *Server) Serves(pid int) bool {
	found, err := passenger.Discover(ctx, passenger.Options{Registry: []string{s.Registry}})
	return err != nil || slices.ContainsFunc(found, func(in passenger.Instance) bool {
		_, p := in.Find(pid)
		return p != nil && p.Ready()
	})
}
