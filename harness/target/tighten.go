package target

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"leakhunt/scenarios"
)

// tight is what makes RSS follow what is alive, by environment alone: collector
// and allocator are told to keep little back. It costs time, never truth: what
// leaks, leaks as before. The names are documented by the runtimes: Ruby's
// gc.c, Go's package runtime, the java and node manuals; the allocator's are
// in allocator.go. PHP frees what a request made at its end.
var tight = map[string][]string{
	// A minor collection for every 250 KB that malloc hands out, a major one for
	// every 500 KB that has grown old.
	"ruby": {
		"RUBY_GC_HEAP_GROWTH_FACTOR=1.03",
		"RUBY_GC_MALLOC_LIMIT=250000",
		"RUBY_GC_MALLOC_LIMIT_MAX=500000",
		"RUBY_GC_OLDMALLOC_LIMIT=500000",
		"RUBY_GC_OLDMALLOC_LIMIT_MAX=1000000",
		"RUBY_GC_HEAP_OLDOBJECT_LIMIT_FACTOR=1.05",
	},
	// A memory limit of one byte is never kept. So the collector runs as often as it
	// may, which is half of the CPU time. Free pages go back before new ones are taken
	// (The Go Authors, A Guide to the Go Garbage Collector, "Memory limit").
	"go": {"GOGC=10", "GOMEMLIMIT=1"},
	// What survives a minor collection is old at once, and the old generation has
	// no room to spare: it is collected whenever it would grow, and gives back all
	// that is free, not in steps. What is old and dead would stay there else, until
	// a leak has filled what it leaves.
	"java": {javaOptions + " -Xms4m -Xmn2m -XX:MaxTenuringThreshold=0 -XX:MinHeapFreeRatio=0 -XX:MaxHeapFreeRatio=0 -XX:-ShrinkHeapInSteps -XX:MinHeapDeltaBytes=64k"},
}

// counted is what a process gets whose runtime will be asked what is alive. RSS
// stands beside that, and is worth less time.
var counted = map[string][]string{
	"ruby": {
		"RUBY_GC_HEAP_GROWTH_FACTOR=1.03",
		"RUBY_GC_MALLOC_LIMIT=1000000",
		"RUBY_GC_MALLOC_LIMIT_MAX=2000000",
		"RUBY_GC_OLDMALLOC_LIMIT=2000000",
		"RUBY_GC_OLDMALLOC_LIMIT_MAX=4000000",
		"RUBY_GC_HEAP_OLDOBJECT_LIMIT_FACTOR=1.05",
	},
	"go": {"GOGC=10"},
	// Soft references, those of reflection and method handles, would be cleared
	// at some later collection, all at once.
	"java": {javaOptions + " -Xms8m -Xmn4m -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=10 -XX:SoftRefLRUPolicyMSPerMB=0"},
	"node": {"NODE_OPTIONS=--max-semi-space-size=1"},
}

// traced is what such a process gets besides, for the pass that names lines.
var traced = map[string][]string{
	// The heap profile samples one allocation in so many bytes (default 512 KiB):
	// finer, it sees leaks of a few hundred bytes a request, and takes longer to
	// write before each reading.
	"go": {"GODEBUG=memprofilerate=1024"},
	// An allocation is sampled where a thread's buffer ends, or beside it. A small
	// buffer is given up only once it is full to the last byte, so that most objects are
	// made beside it. With larger ones, like requests end them at the same objects, and a
	// leak is never seen. A JVM that is too old for a flight recorder starts all the same.
	"java": {"JAVA_TOOL_OPTIONS=-XX:TLABSize=2k -XX:TLABRefillWasteFraction=4096 -XX:TLABWasteIncrement=0 -XX:-ResizeTLAB -XX:FlightRecorderOptions=old-object-queue-size=4096"},
}

// roomy is what the settings above need, so that a process starts with them as without.
// Code of the JVM's first compiler takes more of the stack than that of the second. The
// launcher makes the main thread, and reads the size of its stack in this variable. A
// stack takes no memory until it is used.
var roomy = map[string][]string{"java": {"JDK_JAVA_OPTIONS=-Xss2m"}}

// A collector that may leave dead objects in place (MarkSweepDeadRatio, 5 % of the
// heap) turns them into fillers. A class histogram counts those as alive.
const javaOptions = "JAVA_TOOL_OPTIONS=-XX:+IgnoreUnrecognizedVMOptions -XX:+UseSerialGC -XX:MarkSweepDeadRatio=0 -XX:TieredStopAtLevel=1"

// lists are variables that hold several settings: their separator.
var lists = map[string]string{
	"GODEBUG": ",", "GLIBC_TUNABLES": ":", "LD_PRELOAD": ":", "RUBYOPT": " ", "NODE_OPTIONS": " ", "JAVA_TOOL_OPTIONS": " ", "JDK_JAVA_OPTIONS": " ", "PYTHONPATH": ":", "NODE_PATH": ":",
}

// tighten is what is to be added to env for a runtime. What the user has set,
// in env or on the command line, is kept: a variable is left out, or one
// option of several.
func tighten(wanted, env, argv []string) []string {
	var set []string
	for _, setting := range wanted {
		name, value, _ := strings.Cut(setting, "=")
		have, ok := lookup(env, name)
		sep, several := lists[name]
		if !several {
			if !ok {
				set = append(set, setting)
			}
			continue
		}
		theirs := slices.Concat(strings.Fields(strings.ReplaceAll(have, sep, " ")), argv)
		if slices.Contains(javaVariables, name) { // an option counts in each of them
			theirs = options(env, argv, javaVariables...)
		}
		theirs = keys(theirs)
		ours := slices.DeleteFunc(strings.Split(value, sep), func(option string) bool {
			return slices.Contains(theirs, key(option))
		})
		if len(ours) > 0 {
			set = append(set, name+"="+strings.Join(ours, sep))
		}
	}
	return set
}

func keys(options []string) []string {
	all := make([]string, len(options))
	for i, o := range options {
		all[i] = key(o)
	}
	return all
}

// key is what an option decides: two options of one key contradict each other.
func key(option string) string {
	name, _, _ := strings.Cut(option, "=")
	if name == "--require" { // of several files each is loaded
		return option
	}
	name = strings.ReplaceAll(name, "_", "-") // V8 takes both
	switch {
	case strings.HasPrefix(name, "-XX:+Use") && strings.HasSuffix(name, "GC"):
		return "collector"
	case len(name) > 4 && (strings.HasPrefix(name, "-Xm") || strings.HasPrefix(name, "-Xs")):
		return name[:4]
	}
	return name
}

// lookup finds a variable; the last of several counts.
func lookup(env []string, name string) (string, bool) {
	for _, e := range slices.Backward(env) {
		if n, v, _ := strings.Cut(e, "="); n == name {
			return v, true
		}
	}
	return "", false
}

// merge adds settings to an environment. A variable of several settings keeps what it
// has. That comes after ours: the user's option wins where the last one does, and our
// file is found first in a path. RUBYOPT's libraries are loaded in order, so the user's
// come first in it. Any other variable is replaced.
func merge(env []string, settings ...string) []string {
	env = slices.Clone(env)
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		have, ok := lookup(env, name)
		if sep, several := lists[name]; several && ok && have != "" && value != "" {
			if name == "RUBYOPT" {
				value = have + sep + value
			} else {
				value += sep + have
			}
		}
		env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		env = append(env, name+"="+value)
	}
	return env
}

// confined says that Node runs under its permission model (nodejs.org,
// "Permissions"): it does not start then where it is told to load a file that it
// may not read.
func confined(argv, env []string) bool {
	options, _ := lookup(env, "NODE_OPTIONS")
	words := strings.Fields(strings.Join(argv, " ") + " " + options)
	return !slices.Contains(words, "--allow-fs-read=*") &&
		(slices.Contains(words, "--permission") || slices.Contains(words, "--experimental-permission"))
}

var module = regexp.MustCompile(` ?--require[= ]\S+`)

// withoutModules are settings that make Node load no file.
func withoutModules(settings []string) []string {
	var left []string
	for _, s := range settings {
		if strings.HasPrefix(s, "NODE_OPTIONS=") {
			s = module.ReplaceAllString(s, "")
		}
		if s != "NODE_OPTIONS=" {
			left = append(left, s)
		}
	}
	return left
}

// wanted are the settings for a process that is about to be started for sc.
func wanted(runtime string, argv []string, dir string, env []string, sc *scenarios.Scenario) []string {
	if alone(sc) || runtime == "go" && !servesProfiles(argv[0], dir) {
		if all := slices.Concat(tightest(runtime), roomy[runtime], allocator(runtime, env, findJemalloc())); len(all) > 0 {
			return all
		}
	}
	set := counted[runtime]
	if sc.Sites != scenarios.SitesOff {
		set = merge(set, traced[runtime]...)
	}
	return slices.Concat(set, roomy[runtime], allocator(runtime, env, ""))
}

// alone says that nothing but RSS will tell what the process keeps.
func alone(sc *scenarios.Scenario) bool {
	return sc.Runtime.Kind == "none" && sc.Settle == nil && len(sc.Probes) == 0
}

// servesProfiles says whether a Go program can serve its heap profile: it then
// has the path of net/http/pprof in it. What cannot be read may, and what go run builds.
func servesProfiles(program, dir string) bool {
	if filepath.Base(program) == "go" {
		return true
	}
	path := program
	switch {
	case !strings.Contains(program, "/"):
		found, err := exec.LookPath(program)
		if err != nil {
			return true
		}
		path = found
	case !filepath.IsAbs(program):
		path = filepath.Join(dir, program)
	}
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer f.Close()
	found, err := contains(f, []byte("/debug/pprof/"))
	return err != nil || found
}

// contains says whether what is read holds a text. It keeps little of it.
func contains(r io.Reader, text []byte) (bool, error) {
	kept := make([]byte, 0, 64<<10)
	for {
		n, err := r.Read(kept[len(kept):cap(kept)])
		kept = kept[:len(kept)+n]
		if bytes.Contains(kept, text) {
			return true, nil
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return false, err
		}
		kept = kept[:copy(kept, kept[max(0, len(kept)-len(text)+1):])]
	}
}
