//go:build live

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"leakhunt/harness/reduce"
)

// TestMinimizeLive reduces a visit of which three steps leak together, and a request of 12
// headers and 8 parameters of which one each do, on a real server. The visit has 8 steps:
// package reduce has one of 20 on a process that is none. Here it has as many for each of
// the seeds that the variable LEAKHUNT_SEEDS says.
func TestMinimizeLive(t *testing.T) {
	t.Parallel()
	bin := build(t)
	visit, err := filepath.Abs("testdata/visit/visit.py")
	if err != nil {
		t.Fatal(err)
	}
	target := fmt.Sprintf("version: 1\ntarget: {command: [python3, %s], ready: {uri: /}}\nuris:\n", visit)
	seeds, err := strconv.ParseUint(cmp.Or(os.Getenv("LEAKHUNT_SEEDS"), "1"), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	steps := 8
	if os.Getenv("LEAKHUNT_SEEDS") != "" {
		steps = 20
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 20))
		t.Run(fmt.Sprint("flow ", seed), func(t *testing.T) {
			want := []string{"/login", "/cart", "/logout"}
			at := rng.Perm(steps)[:len(want)]
			slices.Sort(at)
			text := target
			for i := range steps {
				step := fmt.Sprint("/page/", i)
				if k := slices.Index(at, i); k >= 0 {
					step = want[k]
				}
				text += "  - " + step + "\n"
			}
			reduces(t, bin, text, want)
		})
		t.Run(fmt.Sprint("request ", seed), func(t *testing.T) {
			headers, query := names("X-H", 11, "X-Feature", rng), names("p", 7, "sort", rng)
			text := target + "  - uri: /search?" + strings.Join(query, "=1&") + "=1\n    headers:\n"
			for _, h := range headers {
				text += "      " + h + ": \"1\"\n"
			}
			reduces(t, bin, text, []string{"query parameter sort", "header X-Feature"})
		})
	}
}

// names are n names with one among them.
func names(prefix string, n int, one string, rng *rand.Rand) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint(prefix, i))
	}
	return slices.Insert(out, rng.IntN(n+1), one)
}

func reduces(t *testing.T, bin, text string, want []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "flow.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), bin, "minimize", file, "-o", "json", "-q").Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var got reduce.Minimal
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Minimal, want) {
		t.Errorf("%v, want %v", got.Minimal, want)
	}
	t.Logf("%d tests, %d requests, %.1f s, %.0f bytes a round", got.Tests, got.Requests, got.Seconds, got.Round)
}
