package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestHostile is the benchmark of what others send: the released program, each answer,
// page, profile, counter and file that is hostile, how long it takes and how large it
// gets. LEAKHUNT_HOSTILE=FILE tries them all, and writes the table there; LEAKHUNT_FAULT=WORDS those
// alone whose names hold them. TestFaults tries some of them in any case.
func TestHostile(t *testing.T) {
	file := os.Getenv("LEAKHUNT_HOSTILE")
	if file == "" {
		return
	}
	bin := build(t)
	var rows [][]string
	var most int64
	var longest time.Duration
	for _, f := range hostileThings() {
		if !strings.Contains(f.name, os.Getenv("LEAKHUNT_FAULT")) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			got := f.try(t, bin)
			most, longest = max(most, got.most), max(longest, got.took)
			row := []string{f.name, got.command(), fmt.Sprint(got.code), fmt.Sprintf("%.1f", got.took.Seconds()), fmt.Sprintf("%.1f", float64(got.most)/(1<<20)), got.message()}
			t.Log(strings.Join(row, " | "))
			if t.Failed() {
				row[5] += " (NOT AS IT SHOULD BE)"
			}
			rows = append(rows, row)
		})
	}
	writeTable(t, file, fmt.Sprintf(hostileHead, len(rows), float64(most)/(1<<20), longest.Seconds()), rows)
}

// hostileThings are the faults that come from outside: what is answered, and what is read.
func hostileThings() (rows []faulty) {
	for _, some := range [][]faulty{
		faultsOfAnswers(), faultsOfOddAnswers(), faultsOfAgents(), ofTalkers(faultsOfTheApplication()),
		faultsOfFiles(), faultsOfSources(), faultsOfSize(),
	} {
		for _, f := range some {
			if f.do == nil {
				rows = append(rows, f)
			}
		}
	}
	return rows
}

// ofTalkers are those of applications that talk: the others that are large are so themselves.
func ofTalkers(all []faulty) []faulty {
	return slices.DeleteFunc(all, func(f faulty) bool { return f.how == "" || f.how == "forked" })
}

// command is what was called, without its files and flags.
func (r tried) command() string {
	var words []string
	for _, w := range r.words {
		if strings.ContainsAny(w, "-./=") && w != "access-log" && w != "rails-routes" || len(words) == 2 || w == "in" {
			break
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// message is the error, in its first words.
func (r tried) message() string {
	text := ""
	for line := range strings.Lines(r.said) {
		if rest, ok := strings.CutPrefix(line, "leakhunt: "); ok {
			text = strings.TrimSpace(rest)
		}
	}
	const most = 110
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return text
}

const hostileHead = `# Hostile things, and what leakhunt takes for them

Time and memory of the released program beside each hostile server, profile, page,
agent, result and file, written by

    LEAKHUNT_HOSTILE=$PWD/harness/calibration/HOSTILE.md go test ./cmd/leakhunt -run TestHostile -v -timeout 40m

Peak RSS is that of wait4(2). It counts the processes that leakhunt started and
waited for, too: it is at most so large itself. It must be under 64 MiB. An OpenAPI
description that is large and right is not in it: the library takes 12 kB for each of up to 5,000 operations.

Of %d, the largest takes %.1f MiB, and the slowest %.1f s.

| # | what is hostile | command | exit code | s | MiB | message |
|--:|---|---|--:|--:|--:|---|
`
