package project

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"leakhunt/scenarios"
)

var (
	isMain = regexp.MustCompile(`(?m)^package main\b`)
	// isServer is what a program that listens has in it, by the standard library or a framework.
	isServer = regexp.MustCompile(`ListenAndServe|http\.Serve|net\.Listen|gin-gonic/gin|labstack/echo|gofiber/fiber|valyala/fasthttp`)
	serves   = regexp.MustCompile(`"(?:[\w.]*|\[::\d?\]):(\d{2,5})"`)
)

// golang finds the programs of a Go module that listen. Where none seems to, its only
// program may do so in another package.
func golang(f folder) []Guess {
	if !f.has("go.mod") {
		return nil
	}
	var all, silent []Guess
	seen := map[string]bool{}
	for _, pattern := range []string{"*.go", "cmd/*/*.go"} {
		for _, file := range f.glob(pattern) {
			text, dir := f.text(file), path.Dir(file)
			if seen[dir] || strings.HasSuffix(file, "_test.go") || !isMain.MatchString(text) {
				continue
			}
			where := "."
			if dir != "." {
				where = "./" + dir
			}
			g := Guess{
				Name: "Go, " + where, Why: file,
				Pin:  scenarios.Pin{Command: []string{"go", "run", where}, Port: literal(text, serves)},
				Note: "where it serves net/http/pprof, what is alive is read there; else RSS alone judges",
			}
			if !isServer.MatchString(text) {
				if !slices.ContainsFunc(silent, func(o Guess) bool { return o.Name == g.Name }) {
					silent = append(silent, g)
				}
				continue
			}
			seen[dir] = true
			all = append(all, g)
		}
	}
	if len(all) == 0 && len(silent) == 1 {
		return silent
	}
	return all
}
