package runtimes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/guard"
)

// A flight recording with one event on, jdk.OldObjectSample. The JVM keeps weak
// references to a sample of what is allocated. The recording ends with those that are
// still alive, each with the stack that allocated it (HotSpot, jfr/leakprofiler).
// cutoff 0 leaves out the search for what holds them, which would stop the JVM for as
// long as it takes.
const recordingSettings = `<?xml version="1.0" encoding="UTF-8"?>
<configuration version="2.0" label="leakhunt" provider="leakhunt">
  <event name="jdk.OldObjectSample">
    <setting name="enabled">true</setting>
    <setting name="stackTrace">true</setting>
    <setting name="cutoff">0 ns</setting>
  </event>
</configuration>
`

const (
	// recordingName is what JFR.check shows while the pass runs.
	recordingName = "leakhunt"
	// recordingCap ends a recording by itself, should nobody be left to end it.
	recordingCap = 10 * time.Minute
	// sampleSpan is the least number of bytes that one sample stands for: the
	// size of the allocation buffers that target's tight settings make.
	sampleSpan = 2048
)

// recording is a flight recording in progress.
type recording struct {
	jvm *JVM
	dir *folder
}

// record starts a recording.
func (j *JVM) record(ctx context.Context) (*recording, error) {
	if _, err := exec.LookPath("jfr"); err != nil {
		return nil, fault.Measuref("the JDK's jfr, which reads flight recordings, is not installed")
	}
	dir, err := newFolder(j.pid)
	if err != nil {
		return nil, err
	}
	r := &recording{jvm: j, dir: dir}
	if err := r.begin(ctx); err != nil {
		dir.remove()
		return nil, err
	}
	return r, nil
}

func (r *recording) begin(ctx context.Context) error {
	settings := filepath.Join(r.dir.at, "leakhunt.jfc")
	if err := os.WriteFile(settings, []byte(recordingSettings), 0o644); err != nil {
		return fault.Measuref("no folder for a flight recording").Because(err)
	}
	out, err := r.jvm.jcmd(ctx, "JFR.start", "name="+recordingName, "disk=false",
		"settings="+filepath.Join(r.dir.path, "leakhunt.jfc"), fmt.Sprintf("duration=%ds", int(recordingCap.Seconds())))
	if err == nil && !strings.Contains(string(out), "Started recording") {
		err = fault.Measuref("the JVM starts no flight recording: %s", short(string(out)))
	}
	return err
}

// end stops the recording, whatever happens, and returns its samples by class.
func (r *recording) end(ctx context.Context) (map[string][]liveSample, error) {
	defer r.dir.remove()
	file := filepath.Join(r.dir.at, "leakhunt.jfr")
	out, err := r.jvm.jcmd(ctx, "JFR.stop", "name="+recordingName, "filename="+filepath.Join(r.dir.path, "leakhunt.jfr"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(file); err != nil {
		return nil, fault.Measuref("the JVM wrote no flight recording: %s", short(string(out)))
	}
	return readRecording(ctx, file)
}

// readRecording lets the JDK's jfr tell what a recording holds.
func readRecording(ctx context.Context, file string) (map[string][]liveSample, error) {
	out, w := io.Pipe()
	var said head
	go func() {
		all := guard.Command{Argv: jfrPrint(file), Env: withoutJava(os.Environ()), Stdout: w, Stderr: &said}
		_ = w.CloseWithError(all.Run(ctx)) // it returns nil
	}()
	samples, err := parseRecording(out)
	if _, failed := io.Copy(io.Discard, out); failed != nil {
		err = failed
	}
	if err != nil {
		return nil, unreadable(err, said.text())
	}
	return samples, nil
}

// jfrPrint prints the samples of a recording. It needs little memory, and no compiler
// that makes fast code of what runs for half a second.
func jfrPrint(file string) []string {
	return []string{
		"jfr", "-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1",
		"print", "--json", "--stack-depth", "64", "--events", "jdk.OldObjectSample", file,
	}
}

// javaVariables are those that every program of a JDK reads options from. Those that
// are meant for the application (a port to listen on, an agent) would end jfr.
var javaVariables = []string{"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}

// withoutJava is an environment without them.
func withoutJava(env []string) (left []string) {
	for _, e := range env {
		if name, _, _ := strings.Cut(e, "="); !slices.Contains(javaVariables, name) {
			left = append(left, e)
		}
	}
	return left
}

// unreadable is the error of a recording that cannot be read, with what jfr said to that.
func unreadable(why error, said string) error {
	if said = short(said); said != "" {
		why = fmt.Errorf("%w: %s", why, said)
	}
	return fault.Measuref("the flight recording cannot be read").Because(why)
}

// liveSample is one sampled object that is alive, as `jfr print --json` has it.
type liveSample struct {
	class    string
	elements float64 // of an array, 0 of anything else
	frames   []frame // innermost first, without what the JVM makes up
}

type jfrFrame struct {
	Method struct {
		Type struct {
			Name   string `json:"name"`
			Hidden bool   `json:"hidden"`
		} `json:"type"`
		Name string `json:"name"`
	} `json:"method"`
	Line int `json:"lineNumber"`
}

// parseRecording reads {"recording": {"events": […]}} one event at a time.
func parseRecording(r io.Reader) (map[string][]liveSample, error) {
	dec := json.NewDecoder(r)
	for depth := 0; ; {
		tok, err := dec.Token()
		if err != nil {
			return nil, fault.Measuref("a flight recording without a list of events").Because(err)
		}
		if tok == json.Delim('{') {
			depth++
		}
		if tok == json.Delim('[') {
			break
		}
		if depth > 2 {
			return nil, fault.Measuref("a flight recording without a list of events")
		}
	}
	samples := map[string][]liveSample{}
	for dec.More() {
		var e struct {
			Values struct {
				Stack *struct {
					Frames []jfrFrame `json:"frames"`
				} `json:"stackTrace"`
				Object struct {
					Type struct {
						Name string `json:"name"`
					} `json:"type"`
				} `json:"object"`
				Elements float64 `json:"arrayElements"`
			} `json:"values"`
		}
		if err := dec.Decode(&e); err != nil {
			return nil, fault.Measuref("an event of the flight recording cannot be read").Because(err)
		}
		v := e.Values
		s := liveSample{class: strings.ReplaceAll(v.Object.Type.Name, "/", "."), elements: max(0, v.Elements)}
		if v.Stack != nil {
			for _, f := range v.Stack.Frames {
				if t := f.Method.Type; !t.Hidden && f.Line > 0 && !strings.Contains(t.Name, "+0x") {
					s.frames = append(s.frames, javaFrame(t.Name, f.Method.Name, f.Line))
				}
			}
		}
		samples[s.class] = append(samples[s.class], s)
	}
	return samples, nil
}

// javaFrame names the file that a class comes from by javac's rule: its
// outermost class's name, in the folder of its package. A recording has no
// more.
func javaFrame(class, method string, line int) frame {
	outer, _, _ := strings.Cut(class, "$")
	short := class[strings.LastIndex(class, "/")+1:]
	return frame{File: outer + ".java", Line: line, Function: short + "." + method}
}
