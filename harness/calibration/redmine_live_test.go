//go:build live

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/result"
	"leakhunt/harness/target/targettest/passengertest"
	"leakhunt/harness/target/targettest/redminetest"
	"leakhunt/harness/verdict"
	"leakhunt/report"
)

// planted are the leaks of both processes, the largest first, in bytes per
// request. A plugin brings the first one into a controller.
var planted = []struct {
	uri   string
	bytes float64
}{
	{redminetest.KeeperURI, redminetest.KeeperBytes},
	{"/roles", 1024},
	{"/issue_statuses", 256},
}

// mostEach is the most judged requests to one URI.
const mostEach = 150

// TestRedmine hunts three leaks in Debian's Redmine under the real Passenger and
// Apache, behind the administrator's login, by the scenario that users copy:
// once in a process with the agent, once by RSS alone in one without.
func TestRedmine(t *testing.T) {
	bin := leakhunt(t)
	app := redminetest.New(t)
	leaks := map[string]int{}
	for _, p := range planted[1:] {
		leaks[p.uri] = int(p.bytes)
	}
	s := passengertest.Apache(t, "PassengerMaxPoolSize 2\nPassengerPoolIdleTime 0",
		app.App(t, "redmine", leaks, loadAgent(t, bin, app.Root)), app.App(t, "plain", leaks))
	s.Get(t, "redmine", "/login")
	s.Get(t, "plain", "/login")
	env := []string{
		"PASSENGER_INSTANCE_REGISTRY_DIR=" + s.Registry, "REDMINE_PASSWORD=" + app.Password,
		"LEAKHUNT_AGENT=" + app.Root + "/run",
	}
	text, err := os.ReadFile("../../scenarios/redmine.yaml")
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(text), "\nruntime:")
	if !ok {
		t.Fatal("the scenario has no runtime")
	}
	// Both at once, and before other tests begin: these are the longest runs of all.
	agented := startRedmine(t, bin, string(text), app.Password, append(slices.Clone(env), "REDMINE_APP=redmine"))
	plain := startRedmine(t, bin, head+"\nruntime: none\n", app.Password, append(slices.Clone(env), "REDMINE_APP=plain"), "-n", "30", "--warmup", "10")
	t.Parallel()
	t.Run("with the agent", func(t *testing.T) {
		r := agented.result(t)
		for i, u := range r.URIs {
			wanted(t, u, i < len(planted))
			if i >= len(planted) {
				continue
			}
			if u.URI != planted[i].uri {
				t.Errorf("rank %d is %s, want %s", u.Rank, u.URI, planted[i].uri)
			}
			if u.GrowthLow > planted[i].bytes+64 || u.GrowthHigh < planted[i].bytes {
				t.Errorf("%s: %.0f to %.0f bytes per request, truly %.0f", u.URI, u.GrowthLow, u.GrowthHigh, planted[i].bytes)
			}
			if len(u.Sites) == 0 {
				t.Errorf("%s has no sites: %s", u.URI, u.SitesNote)
				continue
			}
			file, line := redminetest.PlantFile, redminetest.PlantLine
			if u.URI == redminetest.KeeperURI {
				file, line = redminetest.KeeperFile, redminetest.KeeperLine
			}
			if top := u.Sites[0]; top.File != file || top.Line != line {
				t.Errorf("%s is made at %s:%d, want %s:%d", u.URI, top.File, top.Line, file, line)
			}
		}
	})
	t.Run("by RSS alone", func(t *testing.T) {
		r := plain.result(t)
		for _, u := range r.URIs {
			truth := 0.0
			for _, p := range planted {
				if p.uri == u.URI {
					truth = p.bytes
				}
			}
			if u.Verdict == verdict.Leak && truth == 0 {
				t.Errorf("%s is accused: %s", u.URI, u.Why)
			}
			if u.Verdict != verdict.Leak && u.Verdict != verdict.Inconclusive && u.Detectable < truth {
				t.Errorf("%s is %s with a floor of %.0f, and leaks %.0f bytes per request", u.URI, u.Verdict, u.Detectable, truth)
			}
		}
	})
}

func wanted(t *testing.T, u result.URI, leaks bool) {
	t.Helper()
	if (u.Verdict == verdict.Leak) != leaks {
		t.Errorf("rank %d: %s is %s: %s", u.Rank, u.URI, u.Verdict, u.Why)
	}
}

// redmineRun is a run of leakhunt on Redmine that goes on.
type redmineRun struct {
	cmd            *exec.Cmd
	dir, password  string
	stdout, stderr bytes.Buffer
}

// startRedmine starts to run a scenario, which ends with the test at the latest.
func startRedmine(t *testing.T, bin, text, password string, env []string, args ...string) *redmineRun {
	t.Helper()
	r := &redmineRun{dir: t.TempDir(), password: password}
	file := filepath.Join(r.dir, "redmine.yaml")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	r.cmd = exec.Command(bin, append([]string{"run", file, "-q", "-o", "json=" + r.dir + "/result.json", "-o", "table", "--max-time", "30m"}, args...)...)
	r.cmd.Env = append(os.Environ(), env...)
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill(); _ = r.cmd.Wait() }) // it has ended where its result was read
	return r
}

// result waits for the end of the run; finding leaks is no failure, an answer that was
// not the page is one.
func (run *redmineRun) result(t *testing.T) *result.Result {
	t.Helper()
	err := run.cmd.Wait()
	if code := run.cmd.ProcessState.ExitCode(); code > 1 && code != settledNothing || code < 0 {
		t.Fatalf("%v\n%s\n%s", err, run.stdout.String(), run.stderr.String())
	}
	raw, err := os.ReadFile(run.dir + "/result.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range [][]byte{raw, run.stdout.Bytes(), run.stderr.Bytes()} {
		if bytes.Contains(stream, []byte(run.password)) {
			t.Error("the administrator's password is in an output")
		}
	}
	r, err := report.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("seed %d, %d requests, %.0f s\n%s", r.Seed, r.RequestsTotal, r.DurationS, run.stdout.String())
	if len(r.URIs) < 12 {
		t.Errorf("%d URIs", len(r.URIs))
	}
	for _, u := range r.URIs {
		if u.Errors > 0 || u.Requests == 0 || u.Requests > mostEach {
			t.Errorf("%s: %d requests, %d errors: %s", u.URI, u.Requests, u.Errors, u.FirstError)
		}
	}
	return r
}

// loadAgent puts the agent into the application's folder, and returns the lines
// for Apache as leakhunt agent prints them, with their paths changed.
func loadAgent(t *testing.T, bin, root string) string {
	t.Helper()
	var agent, how bytes.Buffer
	cmd := exec.Command(bin, "agent", "ruby")
	cmd.Stdout, cmd.Stderr = &agent, &how
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, how.String())
	}
	if err := os.WriteFile(root+"/agent.rb", agent.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	_, lines, ok := strings.Cut(how.String(), "Passenger with Apache:\n")
	lines, _, _ = strings.Cut(lines, "\n\n")
	if !ok || strings.Count(lines, "SetEnv ") != 2 {
		t.Fatalf("no lines for Apache in\n%s", how.String())
	}
	return strings.NewReplacer("/etc/leakhunt", root, "/run/leakhunt", root+"/run").Replace(lines)
}
