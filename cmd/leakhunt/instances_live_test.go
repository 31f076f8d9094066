//go:build live

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/harness/target/targettest"
	"leakhunt/harness/target/targettest/passengertest"
	"leakhunt/report"
)

// TestSeveralInstances: two web servers run an application of one name each, as
// after an Apache was replaced by an Nginx. Which is meant has to be said, and is
// then the one that is measured.
func TestSeveralInstances(t *testing.T) {
	t.Parallel()
	registry := t.TempDir()
	var names []string
	var servers []*passengertest.Server
	for range 2 {
		s := passengertest.Apache(t, "", passengertest.App{Name: "shop", Type: "rack"})
		in := s.Warm(t)
		// Each test server has a registry of its own; real ones share theirs.
		if err := os.Symlink(in.Dir, filepath.Join(registry, filepath.Base(in.Dir))); err != nil {
			t.Fatal(err)
		}
		names, servers = append(names, in.Name), append(servers, s)
	}
	bin := build(t)
	run := func(target string) (code int, said string, r *result.Result) {
		dir := t.TempDir()
		targettest.WriteFile(t, dir+"/x.yaml", "version: 1\ntarget: {passenger: {"+target+"}}\nuris: [/clean]\n")
		cmd := exec.Command(bin, "run", dir+"/x.yaml", "-n", "10", "--warmup", "0", "-o", "json="+dir+"/r.json")
		cmd.Env = append(os.Environ(), "PASSENGER_INSTANCE_REGISTRY_DIR="+registry)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		_ = cmd.Run() // its exit code is what is asked for
		if f, err := os.Open(dir + "/r.json"); err == nil {
			defer f.Close()
			if r, err = report.Read(f); err != nil {
				t.Fatal(err)
			}
		}
		return cmd.ProcessState.ExitCode(), errs.String(), r
	}
	code, said, _ := run("app: shop")
	if code != exitUnmeasured || !strings.Contains(said, "target.passenger.instance") {
		t.Errorf("exit code %d: %s", code, said)
	}
	for i, name := range names {
		if !strings.Contains(said, name) {
			t.Errorf("%s is not named: %s", name, said)
		}
		code, said, r := run("app: shop, instance: " + name)
		if code != exitInconclusive || r == nil { // 10 requests settle nothing
			t.Fatalf("%s: exit code %d: %s", name, code, said)
		}
		if !servers[i].Serves(r.Target.PID) {
			t.Errorf("%s: pid %d is not its own", name, r.Target.PID)
		}
	}
}
