//go:build live

package target_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"leakhunt/harness/target"
)

// V8 says of each collection which kind it is. They are full ones from the moment on
// at which the process listens: what a command builds first is not slowed.
func TestEveryCollectionOfNodeIsFull(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // the module is there for as long as we say
	tight := target.Keep(target.Tight("node"))
	const work = `let n = 0; for (let i = 0; i < 2e5; i++) n += ("x" + i).repeat(20).length`
	const listening = `const s = require("http").createServer().listen(0, "127.0.0.1", () => { ` + work + `; s.close() })`
	collections := func(program string, env ...string) (full, young int) {
		cmd := exec.Command("node", "--trace-gc", "-e", program)
		cmd.Env = append(os.Environ(), env...)
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatal(err, string(said))
		}
		return strings.Count(string(said), " Mark-Compact "), strings.Count(string(said), " Scavenge ")
	}
	if full, young := collections(listening, tight...); full < 5 || young != 0 {
		t.Errorf("tight: %d full collections and %d young ones", full, young)
	}
	if full, young := collections(work, tight...); young < 5 || full > young {
		t.Errorf("before it listens: %d full collections and %d young ones", full, young)
	}
	if _, young := collections(listening); young == 0 {
		t.Error("as it comes there were no young collections either: the test shows nothing")
	}
}

// A JVM knows each of its settings, and takes them together: what it does not
// know it ignores without a word, so that older ones start.
func TestJVMTakesItsSettings(t *testing.T) {
	const ignore = "-XX:+IgnoreUnrecognizedVMOptions "
	for _, options := range target.Tight("java") {
		if !strings.Contains(options, ignore) {
			t.Errorf("an older JVM would not start: %s", options)
		}
		cmd := exec.Command("java", "-XX:+PrintFlagsFinal", "-version")
		cmd.Env = append(os.Environ(), strings.Replace(options, ignore, "", 1))
		said, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatal(err, string(said))
		}
		flags := strings.Join(strings.Fields(string(said)), " ")
		for _, want := range []string{"ShrinkHeapInSteps = false", "MaxHeapFreeRatio = 0", "MaxTenuringThreshold = 0"} {
			if !strings.Contains(flags, want) {
				t.Errorf("no %s", want)
			}
		}
	}
}
