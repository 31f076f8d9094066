package target_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/target"
	"leakhunt/harness/target/targettest"
)

// listRole prints what this process's user can see.
func listRole() {
	all, err := target.List(context.Background(), target.ListOptions{})
	for _, e := range all {
		fmt.Printf("%+v\n", e)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// A Go server and three preforked workers are listed without their master, and
// each answers with the pid that it is listed with.
func TestListListeners(t *testing.T) {
	alone := "127.0.0.1:" + targettest.FreePort(t)
	want := map[string][]int{alone: {serve(t, "tcp", alone).PID()}}
	at, master := prefork(t, "keep")
	shared := strings.TrimPrefix(at, "http://")
	all, err := target.List(t.Context(), target.ListOptions{Registry: []string{t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, e := range all {
		if e.Address != alone && e.Address != shared {
			continue // another program of this machine
		}
		got[e.Address]++
		if e.PID == master || e.PID == os.Getpid() || e.Server != "go" || e.Protocol != "http" || e.RSS <= 0 || e.Anon <= 0 || e.Problem != "" {
			t.Errorf("%+v", e)
		}
		client := load.New(e.Endpoint(), false)
		res := do(t, client, load.Spec{Method: "GET", URI: "/pid"})
		client.Close()
		if string(res.Body) != fmt.Sprint(e.PID) {
			t.Errorf("pid %d is listed, and %s answers: %v", e.PID, res.Body, res.Err)
		}
	}
	if got[alone] != len(want[alone]) || got[shared] != preforked {
		t.Errorf("listed %v", got)
	}
}

// A worker that keeps no connection is listed, and says what would help when a
// request shall go to it and no other.
func TestListWorkersThatKeepNoConnection(t *testing.T) {
	url, _ := prefork(t, "close")
	all, err := target.List(t.Context(), target.ListOptions{Registry: []string{t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range all {
		if "http://"+e.Address != url {
			continue
		}
		found++
		client := load.New(e.Endpoint(), false)
		res := do(t, client, load.Spec{Method: "GET", URI: "/pid"})
		client.Close()
		want := fmt.Sprintf("pid %d shares its address with other workers", e.PID)
		if res.Err == nil || !strings.Contains(res.Err.Error(), want) || !strings.Contains(fault.HintOf(res.Err), "one worker") {
			t.Errorf("%v (%s)", res.Err, fault.HintOf(res.Err))
		}
	}
	if found != preforked {
		t.Errorf("%d of %d workers are listed", found, preforked)
	}
}

// Nothing to see is no error.
func TestListIgnores(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	all, err := target.List(t.Context(), target.ListOptions{Registry: []string{t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.Address == l.Addr().String() {
			t.Errorf("we list ourselves: %+v", e)
		}
	}
	if _, err := target.List(t.Context(), target.ListOptions{Registry: []string{"/nonexistent"}}); err == nil {
		t.Error("a registry that is not there was read")
	}
}

func do(t *testing.T, c *load.Client, s load.Spec) load.Result {
	t.Helper()
	s.KeepBody = true
	tmpl, err := load.Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(t.Context(), tmpl, load.Values{})
}
