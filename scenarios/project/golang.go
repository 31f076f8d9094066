package project

import (
	"path"
	"regexp"
	"strings"

	"leakhunt/scenarios"
)

var (
	isMain = regexp.MustCompile(`(?m)^package main\b`)
	serves = regexp.MustCompile(`"(?:[\w.]*|\[::\d?\]):(\d{2,5})"`)
)

// golang finds the programs of a Go module that listen.
func golang(f folder) []Guess {
	if !f.has("go.mod") {
		return nil
	}
	var all []Guess
	seen := map[string]bool{}
	for _, pattern := range []string{"*.go", "cmd/*/*.go"} {
		for _, file := range f.glob(pattern) {
			text, dir := f.text(file), path.Dir(file)
			if seen[dir] || strings.HasSuffix(file, "_test.go") || !isMain.MatchString(text) ||
				!strings.Contains(text, "ListenAndServe") && !strings.Contains(text, "http.Serve") && !strings.Contains(text, "net.Listen") {
				continue
			}
			seen[dir] = true
			where := "."
			if dir != "." {
				where = "./" + dir
			}
			all = append(all, Guess{
				Name: "Go, " + where, Why: file,
				Pin:  scenarios.Pin{Command: []string{"go", "run", where}, Port: literal(text, serves)},
				Note: "where it serves net/http/pprof, what is alive is read there; else RSS alone judges",
			})
		}
	}
	return all
}
