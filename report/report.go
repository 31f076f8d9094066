// Package report renders a result for people and for machines: one function
// of an io.Writer for each format. It also reads result files back, compares
// two of them, and decides what a run fails on.
//
// What is rendered depends on the result and the Options alone, never on the
// clock. So a report made later from the result file is the same, byte
// for byte. Names and messages come from users and from the process that was
// measured: every format escapes them.
package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
)

// Options are what a format needs to know beside the result. The zero value
// is good for all of them.
type Options struct {
	// Width is the number of columns the table may use; 0 means 100.
	Width int
	// Color lets the table use ANSI colours.
	Color bool
	// ScenarioPath is where annotations point at; "" means the path that the
	// result holds.
	ScenarioPath string
	// FailOn is the gate, as in Decide; "" means FailOnLeak.
	FailOn string
	// Comparison is the comparison with the baseline; nil without one.
	Comparison *Comparison
	// SourceRoots are the folders in which the files of sites are looked for, in
	// this order, to show their lines (html). No file outside them is read.
	SourceRoots []string
	// PlaceRoots are further folders in which they are looked for, to point at them
	// from the folder leakhunt was started in (github). No file in them is read.
	PlaceRoots []string
	// Base is the folder that annotations' paths are told from, the top of the
	// repository; "" means the folder leakhunt was started in.
	Base string
	// appDir is the process's working directory, as the result has it.
	appDir string
	// Redact takes the secrets out of source lines and lists; nil changes
	// nothing. Those of a result are taken out once and for all by Redact.
	Redact func([]byte) []byte
}

type format struct {
	name  string
	write func(io.Writer, *result.Result, Options) error
}

// formats is every format, in the order in which help names them.
func formats() []format {
	return []format{
		{"table", writeTable},
		{"json", writeJSON},
		{"html", writeHTML},
		{"junit", writeJUnit},
		{"markdown", writeMarkdown},
		{"csv", writeCSV},
		{"openmetrics", writeOpenMetrics},
		{"github", writeGitHub},
	}
}

// Formats are the names that Write knows.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Write renders r. Nothing reaches w where rendering fails. The error is a
// usage fault for a format that does not exist, and w's own where w fails.
func Write(w io.Writer, format string, r *result.Result, o Options) error {
	i := slices.Index(Formats(), format)
	if i < 0 {
		return unknownFormat(format)
	}
	o.appDir = r.Target.Dir
	return once(w, nil, func(b io.Writer) error { return formats()[i].write(b, normal(r), o) })
}

func unknownFormat(name string) error {
	return fault.Usagef("there is no output format %q", clean(name)).
		WithHint("The formats are %s.", strings.Join(Formats(), ", "))
}

// once renders into memory, redacts where there is something to redact, and
// writes once, so that a failure leaves no half report behind.
func once(w io.Writer, redact func([]byte) []byte, render func(io.Writer) error) error {
	var b bytes.Buffer
	if err := render(&b); err != nil {
		return err
	}
	text := b.Bytes()
	if redact != nil {
		text = redact(text)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
