package harness

import (
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/target"
	"leakhunt/harness/verdict"
)

// Garbage that is not collected before it has grown to three times what is alive
// convicts nobody, and what grows beyond that is convicted.
func TestGarbageOfACollectorThatIsNotKnown(t *testing.T) {
	for name, most := range map[string]float64{"garbage": 165 << 20, "leak": 1 << 40} {
		t.Run(name, func(t *testing.T) {
			const alive = 32 << 20 // and 24 MiB more when it is tried
			var garbage float64
			f := newFake(t, func(f *fake, _ string, _ int) int {
				if garbage < most {
					garbage += 8 << 10
					f.rss += 8 << 10
				}
				return 200
			})
			f.rss += alive - 16<<20
			if u := mustRun(t, f, scenario(auto, "/garbage"), f.options()).URIs[0]; (u.Verdict == verdict.Leak) != (name == "leak") {
				t.Errorf("%s: %s", u.Verdict, u.Why)
			}
		})
	}
}

// Where others have told the collector to wait, growth of RSS convicts nobody,
// however far it goes, and the reason names what was set.
func TestWhoeverWasToldToCollectLateIsNotConvicted(t *testing.T) {
	grew := verdict.Judgement{Label: verdict.Leak, Growth: 16384, Low: 16000, High: 17000}
	for name, c := range map[string]struct {
		runtime  string
		settings []string // ours
		env      string
		why      string // "": convicted
	}{
		"go":                      {"go", nil, "A=1", ""},
		"go, told":                {"go", nil, "GOGC=off", "GOGC=off lets garbage fill memory"},
		"ruby, told":              {"ruby", nil, "RUBY_GC_MALLOC_LIMIT=90000000", "RUBY_GC_MALLOC_LIMIT=90000000 lets"},
		"java, some of ours":      {"java", []string{"JAVA_TOOL_OPTIONS=-XX:+UseSerialGC"}, "A=1", ""},
		"java, others' over ours": {"java", target.Tight("java"), "_JAVA_OPTIONS=-Xms1g", "-Xms1g lets"},
	} {
		t.Run(name, func(t *testing.T) {
			child := answering(t, append(slices.Clone(c.settings), c.env))
			f := newFake(t, shop)
			f.runtime, f.settings, f.pid = c.runtime, c.settings, child
			h := opened(t, f, scenario(auto, "/", "/leak"))
			j := h.beyond(grew, 1<<40, 0)
			if c.why == "" && j.Label != verdict.Leak || c.why != "" && (j.Label != verdict.Inconclusive || !strings.Contains(j.Reason, c.why)) {
				t.Errorf("%s: %s", j.Label, j.Reason)
			}
			if told := c.why != ""; told && (h.tight() || h.witness() != nil) {
				t.Errorf("tight %v, witness %v", h.tight(), h.witness())
			}
		})
	}
}

// answering is the pid of a process with that environment. It has answered once,
// for right after exec.Cmd.Start it may still be in the midst of execve(2), where
// its environment is empty.
func answering(t *testing.T, env []string) int {
	t.Helper()
	child := exec.CommandContext(t.Context(), "cat") // ended with the test
	child.Env = env
	in, err1 := child.StdinPipe()
	out, err2 := child.StdoutPipe()
	if err := errors.Join(err1, err2, child.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = child.Wait() // killed
	})
	if _, err := io.WriteString(in, "?"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return child.Process.Pid
}
