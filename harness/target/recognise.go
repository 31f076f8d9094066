package target

import (
	"bufio"
	"bytes"
	"debug/buildinfo"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Recognise tells from a command line what it will run, before it is started:
// the program itself, the interpreter its first line names, or what a wrapper
// (env, sh -c, bundle exec, npm) is told to run. dir is where it will run.
func Recognise(argv []string, dir string) Identity {
	if len(argv) == 0 {
		return Identity{}
	}
	if isGo(inDir(argv[0], dir)) {
		id, _ := program(argv[0])
		return Identity{Server: id.Server, Runtime: "go"}
	}
	var found Identity
	words := strings.Fields(strings.Join(argv, " "))
	if script := interpreter(inDir(argv[0], dir)); script != "" {
		words = slices.Insert(words, 1, script)
	} else if _, ok := program(argv[0]); !ok {
		script := inDir(argv[0], dir)
		if len(argv) > 1 && slices.Contains(shells, filepath.Base(argv[0])) {
			script = argv[1]
			if !filepath.IsAbs(script) {
				script = filepath.Join(dir, script)
			}
		}
		words = append(words, becomes(script)...)
	}
	for _, word := range words {
		id, ok := program(strings.Trim(word, `'";`))
		if !ok {
			continue
		}
		if found.Server == "" {
			found.Server = id.Server
		}
		if found.Runtime == "" {
			found.Runtime = id.Runtime
		}
	}
	if found.Server == "uwsgi" && found.Runtime == "" {
		found.Runtime = uwsgiRuntime(argv)
	}
	return found
}

// uwsgiRuntime goes by the options that load a language plugin.
func uwsgiRuntime(argv []string) string {
	line := strings.Join(argv, " ")
	switch {
	case strings.Contains(line, "rack"):
		return "ruby"
	case strings.Contains(line, "python"), strings.Contains(line, "wsgi-file"), strings.Contains(line, "-w "), strings.Contains(line, "--module"):
		return "python"
	}
	return ""
}

func inDir(name, dir string) string {
	if strings.Contains(name, "/") {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(dir, name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return name
	}
	return path
}

// isGo says whether a file is a program that was built by Go.
func isGo(path string) bool {
	_, err := buildinfo.ReadFile(path)
	return err == nil
}

// mostScript is how much of a shell script is read, in bytes.
const mostScript = 64 << 10

var shells = []string{"sh", "bash", "dash", "ksh"}

// shell is the first line of a shell script.
var shell = regexp.MustCompile(`^#!.*\b(sh|bash|dash|ksh)\b`)

// launcher is a variable that scripts hold the path of java in: $JAVACMD of those
// that Gradle and Maven write, $_RUNJAVA of Tomcat's.
var launcher = regexp.MustCompile(`\$\{?_?(RUN)?JAVA(_?CMD|_?BIN)?\b`)

// becomes are the words of the program that a shell script becomes at its end, by
// exec; nil for what is no such script.
func becomes(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostScript))
	if err != nil || !shell.Match(text) {
		return nil
	}
	var words []string
	for line := range strings.Lines(string(text)) {
		_, run, ok := strings.Cut(" "+strings.TrimSpace(line), " exec ")
		if !ok || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for _, word := range strings.Fields(run) {
			word = strings.Trim(word, `'"\;`)
			if launcher.MatchString(word) && !strings.Contains(word, "/") {
				word = "java"
			}
			if _, ok := program(word); ok {
				words = append(words, word)
				break
			}
		}
	}
	return words[max(0, len(words)-1):]
}

// interpreter is the last word of a script's first line that names a program:
// /usr/bin/env ruby is ruby. "" for what is no script.
func interpreter(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	line, err := bufio.NewReaderSize(f, 256).ReadSlice('\n')
	if err != nil || !bytes.HasPrefix(line, []byte("#!")) {
		return ""
	}
	for _, word := range strings.Fields(string(line[2:])) {
		if _, ok := program(word); ok {
			return word
		}
	}
	return ""
}
