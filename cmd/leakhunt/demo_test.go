package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"leakhunt/harness/demo"
	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// TestDemo holds the whole tool against the truth about its demo: every leak,
// in order, and no innocent, whatever the order of the requests: in one order, or in
// as many as the variable LEAKHUNT_SEEDS says.
func TestDemo(t *testing.T) {
	t.Parallel()
	bin := build(t)
	var want []string
	leaks := slices.Clone(demo.Routes)
	slices.SortFunc(leaks, func(a, b demo.Route) int { return cmp.Compare(b.BytesPerRequest, a.BytesPerRequest) })
	for _, r := range leaks {
		if r.Kind == demo.Leak {
			want = append(want, r.Path)
		}
	}
	seeds, err := strconv.Atoi(cmp.Or(os.Getenv("LEAKHUNT_SEEDS"), "1"))
	if err != nil {
		t.Fatal(err)
	}
	for seed := 1; seed <= seeds; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			if seeds > 1 { // one alone has the place of its parent, and does not queue for another
				t.Parallel()
			}
			r := hunt(t, bin, "run", "../../scenarios/demo.yaml", "--seed", fmt.Sprint(seed), "-o", "json", "-q")
			var got []string
			for _, u := range r.URIs {
				if u.Verdict == verdict.Leak {
					got = append(got, u.URI)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("leaks %v, want %v", got, want)
			}
			if !r.Complete || r.Summary.Error > 0 {
				t.Errorf("complete %v, %+v", r.Complete, r.Summary)
			}
			t.Logf("%.1f s, %d requests, %+v", r.DurationS, r.RequestsTotal, r.Summary)
		})
	}
}

// build is leakhunt as it is released. TestMain has compiled it, and removes it with the
// journals of the tests.
func build(t *testing.T) string {
	t.Helper()
	bin := os.Getenv(releasedVariable)
	if bin == "" {
		t.Fatal("TestMain has compiled nothing")
	}
	return bin
}

// compile builds it in a folder, and the demo alone beside it: without cgo, which would
// add 4 MiB to its memory.
func compile(dir string) (bin string, err error) {
	bin = filepath.Join(dir, "bin")
	cmd := exec.Command("go", "build", "-o", bin+"/", ".", "./testdata/demo")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, nil
}

// hunt runs leakhunt with -o json and reads the result; finding leaks is no
// failure, and neither is finding nothing for sure.
func hunt(t *testing.T, bin string, args ...string) *result.Result {
	t.Helper()
	return huntIn(t, nil, bin, args...)
}

// huntIn does it with more variables in the environment.
func huntIn(t *testing.T, env []string, bin string, args ...string) *result.Result {
	t.Helper()
	cmd := exec.Command(bin, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitOK && code != exitFound && code != exitInconclusive {
		t.Fatalf("leakhunt %v: %v", args, err)
	}
	var r result.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("result: %v", err)
	}
	return &r
}
