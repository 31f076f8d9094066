// Package project tells from the files of a folder how the application in it is
// started. So a first scenario need not be written from nothing. It runs
// nothing.
package project

import (
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"leakhunt/scenarios"
)

// Guess is one way to start an application.
type Guess struct {
	Name string // for people: "Rails, by puma"
	Why  string // the file that says so
	Pin  scenarios.Pin
	Note string // what to mind before a run, a clause without a full stop; or ""
}

// Look is what a folder tells, the likeliest first.
func Look(dir fs.FS) []Guess {
	f := folder{dir}
	var all []Guess
	for _, look := range []func(folder) []Guess{ruby, python, php, node, procfile, golang, compose} {
		all = append(all, look(f)...)
	}
	return all
}

// folder reads the small text files of a folder.
type folder struct{ fs.FS }

// most is how much of a file is read, in bytes.
const most = 256 << 10

// text is a file's text, "" where it cannot be read.
func (f folder) text(name string) string {
	file, err := f.Open(name)
	if err != nil {
		return ""
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most))
	if err != nil {
		return ""
	}
	return string(data)
}

func (f folder) has(name string) bool {
	info, err := fs.Stat(f, name)
	return err == nil && info.Mode().IsRegular()
}

// first is the first of the files that there is, or "".
func (f folder) first(names ...string) string {
	for _, name := range names {
		if f.has(name) {
			return name
		}
	}
	return ""
}

// glob are the files of a pattern.
func (f folder) glob(pattern string) []string {
	names, _ := fs.Glob(f, pattern)
	return names
}

// module is the name that Python has for a file.
func module(file string) string {
	return strings.ReplaceAll(strings.TrimSuffix(file, path.Ext(file)), "/", ".")
}

// literal is the port that the first group of a pattern finds in a text. It is 0 where it
// finds none, or the text reads the variable PORT.
func literal(text string, pattern *regexp.Regexp) int {
	if strings.Contains(text, "PORT") {
		return 0
	}
	m := pattern.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return n
}
