//go:build live

package runtimes

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc/proctest"
)

func TestLiveInspectorAlone(t *testing.T) {
	a := node(t, false)
	in, err := DialInspector(t.Context(), a.pid)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if in.Name() != "inspector" {
		t.Errorf("its name is %q", in.Name())
	}
	blocks := growth(t, a, in, "/", "/garbage", "/leak", "/text", "/listener")
	within(t, "/leak objects", blocks["/leak"]["live objects"], 0.99, 1.1)
	within(t, "/leak bytes", blocks["/leak"]["live bytes"], 512, 640)
	within(t, "/text bytes", blocks["/text"]["live bytes"], 512, 640)
	within(t, "/listener objects", blocks["/listener"]["live objects"], 1.99, 2.1)
	for _, r := range []string{"/", "/garbage"} {
		within(t, r+" objects", blocks[r]["live objects"], -0.1, 0.1)
		within(t, r+" bytes", blocks[r]["live bytes"], -40, 40)
	}
	if err := in.StartTrace(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.send(t, "/leak", 200)
	sites, err := in.StopTrace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ranked, _ := Rank(sites, nil, 200, 560)
	if len(ranked) == 0 || filepath.Base(ranked[0].File) != "app.js" || ranked[0].Line != line(t, "testdata/node/app.js", "'/leak':") {
		t.Errorf("got %+v", ranked)
	}
}

// What counting the objects takes is no native memory of the application: V8 and malloc
// keep some 125 B for each object that was ever counted at once.
func TestLiveCountingIsNoNativeMemory(t *testing.T) {
	t.Parallel()
	a := node(t, true)
	native := native(t, a, a.agent(t))
	native()
	before := native()
	a.send(t, "/bloat", 1) // 100,000 objects
	native()
	if grown := native() - before; grown > 5<<20 {
		t.Errorf("%.0f B of native memory for each of 100,000 objects", grown/1e5)
	}
}

// A worker thread of Node has a heap of its own: what is kept there is counted too,
// also while another worker blocks.
func TestLiveNodeThreads(t *testing.T) {
	t.Parallel()
	for name, agent := range map[string]bool{"agent": true, "inspector": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := launch(t, "node", agent, []string{"NODE_OPTIONS=--inspect-port=0"}, true, "node", "threads.js")
			var c *Agent
			if agent {
				c = a.agent(t)
			} else {
				in, err := DialInspector(t.Context(), a.pid)
				if err != nil {
					t.Fatal(err)
				}
				defer in.Close()
				c = in
			}
			blocks := growth(t, a, c, "/garbage", "/leak")
			within(t, "/leak objects", blocks["/leak"]["live objects"], 0.9, 1.1)
			within(t, "/leak bytes", blocks["/leak"]["live bytes"], 512, 640)
			within(t, "/garbage objects", blocks["/garbage"]["live objects"], -0.1, 0.1)
			// A young thread's code is still being compiled.
			within(t, "/garbage bytes", blocks["/garbage"]["live bytes"], -250, 250)
		})
	}
}

func TestLiveInspectorGoesWrong(t *testing.T) {
	if _, err := DialInspector(t.Context(), os.Getpid()); err == nil || !strings.Contains(err.Error(), "not node") {
		t.Errorf("a process that is not node: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:9229")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := node(t, false)
	if _, err := DialInspector(t.Context(), a.pid); err == nil || !strings.Contains(err.Error(), "another process listens") || fault.HintOf(err) == "" {
		t.Errorf("a port that is taken: %v", err)
	}
}

func TestLivePumaControl(t *testing.T) {
	t.Parallel()
	port := proctest.FreePort(t)
	address := "tcp://127.0.0.1:" + strconv.Itoa(port)
	a := puma(t, false, "--control-url", address, "--control-token", "tok")
	p, err := NewPuma(t.Context(), address, "tok", a.pid)
	if err != nil {
		t.Fatal(err)
	}
	blocks := growth(t, a, p, "/", "/leak", "/garbage")
	within(t, "/leak", blocks["/leak"]["live objects"], 0.95, 1.1)
	within(t, "/", blocks["/"]["live objects"], -0.1, 0.1)
	within(t, "/garbage", blocks["/garbage"]["live objects"], -0.1, 0.1)
}

// build compiles a fixture into a temporary folder.
func build(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

func TestLiveGo(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "app")
	build(t, "go", "build", "-o", program, "./testdata/go")
	a := launch(t, "go", false, []string{"GODEBUG=memprofilerate=4096"}, true, program)
	p, err := NewPprof(t.Context(), whole(a.fetch), "")
	if err != nil {
		t.Fatal(err)
	}
	blocks := growth(t, a, p, "/", "/garbage", "/leak")
	within(t, "/leak", blocks["/leak"]["live bytes"], 950, 1400)
	within(t, "/leak", blocks["/leak"]["live objects"], 0.9, 1.5)
	within(t, "/", blocks["/"]["live objects"], -0.4, 0.4)
	within(t, "/garbage", blocks["/garbage"]["live objects"], -0.4, 0.4)
	if err := p.StartTrace(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.send(t, "/leak", 300)
	sites, err := p.StopTrace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ranked, explained := Rank(sites, nil, 300, 1100)
	t.Logf("explained %.2f by %+v", explained, ranked)
	if len(ranked) == 0 || ranked[0].Function != "main.leak" || ranked[0].Line != line(t, "testdata/go/main.go", "make([]byte, 1024)") {
		t.Errorf("got %+v", ranked)
	}
}

func TestLiveJVM(t *testing.T) {
	t.Parallel()
	classes := t.TempDir()
	build(t, "javac", "-d", classes, "testdata/java/App.java")
	// As target's tight settings: nearly all that is allocated is sampled.
	tight := []string{"JAVA_TOOL_OPTIONS=-XX:+UseSerialGC -XX:MarkSweepDeadRatio=0 -XX:TLABSize=2k " +
		"-XX:TLABRefillWasteFraction=4096 -XX:TLABWasteIncrement=0 -XX:-ResizeTLAB -XX:FlightRecorderOptions=old-object-queue-size=4096"}
	a := launch(t, "java", false, tight, true, "java", "-Dsun.net.httpserver.nodelay=true", "-cp", classes, "App")
	j, err := NewJVM(t.Context(), a.pid)
	if err != nil {
		t.Fatal(err)
	}
	blocks := growth(t, a, j, "/", "/garbage", "/leak")
	within(t, "/leak objects", blocks["/leak"]["live objects"], 1.9, 3.5)
	within(t, "/leak bytes", blocks["/leak"]["live bytes"], 90, 200)
	pass := func(route string) []Site {
		if err := j.StartTrace(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.send(t, route, 200)
		sites, err := j.StopTrace(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return sites
	}
	ranked, _ := Rank(pass("/leak"), nil, 200, 96)
	t.Logf("%+v", ranked)
	if !slices.ContainsFunc(ranked[:min(3, len(ranked))], func(s Site) bool { return s.Type == "App$Item" && s.Owner == OwnerApp }) {
		t.Errorf("App$Item is not among the first three: %+v", ranked)
	}
	ranked, explained := Rank(pass("/text"), nil, 200, 1040)
	t.Logf("explained %.2f by %+v", explained, ranked)
	made := line(t, "testdata/java/App.java", "new byte[1024]")
	called := fmt.Sprintf("App.java:%d ", line(t, "testdata/java/App.java", "TEXTS.add"))
	// The recording samples: what each request allocates may look like what it keeps.
	if !slices.ContainsFunc(ranked[:min(2, len(ranked))], func(s Site) bool {
		return s.Type == "byte[]" && s.File == "App.java" && s.Line == made && strings.HasPrefix(s.Stack[1], called)
	}) {
		t.Errorf("the first sites are %+v %s, want App.java:%d", ranked, j.Remark(), made)
	}
	if explained < 0.75 || explained > 1.25 {
		t.Errorf("explained %.2f of the growth", explained)
	}
	// The objects that stand for a direct buffer have 136 bytes.
	ranked, explained = Rank(pass("/buffer"), nil, 160, 136)
	t.Logf("explained %.2f by %+v", explained, ranked)
	allocated := line(t, "testdata/java/App.java", "allocateDirect")
	if !slices.ContainsFunc(ranked[:min(2, len(ranked))], func(s Site) bool {
		return s.Type == "java.nio.DirectByteBuffer" && s.File == "App.java" && s.Line == allocated
	}) {
		t.Errorf("the first sites are %+v %s, want App.java:%d", ranked, j.Remark(), allocated)
	}
	if out, err := j.jcmd(t.Context(), "JFR.check"); err != nil || !strings.Contains(string(out), "No available recordings") {
		t.Errorf("the recording goes on: %s, %v", out, err)
	}
	if left, _ := filepath.Glob(fmt.Sprintf("/tmp/leakhunt-%d-*", a.pid)); len(left) > 0 {
		t.Errorf("folders are left: %v", left)
	}
	if _, err := NewJVM(t.Context(), os.Getpid()); err == nil || !strings.Contains(err.Error(), "is no JVM") {
		t.Errorf("a process that is no JVM: %v", err)
	}
}

// Why a recording cannot be read is what jfr says. Options that are meant for the
// application do not end it.
func TestLiveRecordingThatCannotBeRead(t *testing.T) {
	t.Setenv("JAVA_TOOL_OPTIONS", "-XX:+NoSuchOption")
	file := filepath.Join(t.TempDir(), "empty.jfr")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := readRecording(t.Context(), file)
	if err == nil || !strings.Contains(err.Error(), "exit status 1: jfr print: file is empty") || strings.Contains(err.Error(), "NoSuchOption") {
		t.Errorf("got %v", err)
	}
}
