package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leakhunt/harness/secret"
)

// looks are the flags that shape what is shown, or what it leads to, and not
// what is measured.
var looks = []string{
	"output", "progress", "quiet", "verbose", "color", "fail-on", "baseline", "allow-different", "git-bisect", "dry-run", "resume", "journal",
}

// repeated is the command line that repeats the run, as a result holds it:
// every flag that was given, or came from the environment, as --name=value.
func repeated(cmd *cobra.Command, scenario string) []string {
	words := []string{"leakhunt", cmd.Name(), scenario}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if slices.Contains(looks, f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if several, ok := f.Value.(pflag.SliceValue); ok {
			values = several.GetSlice()
		}
		for _, v := range values {
			words = append(words, fmt.Sprintf("--%s=%s", f.Name, discreet(f.Name, v)))
		}
	})
	return words
}

// separators stand between the name and the value of what a flag gives.
var separators = map[string]string{"header": ":", "var": "="}

// discreet is a flag's value without what it may give away.
func discreet(flag, value string) string {
	sep := separators[flag]
	if sep == "" {
		return value
	}
	if name, v, ok := strings.Cut(value, sep); ok && credential(name, v) {
		return name + sep + secret.Mark
	}
	return value
}

// credential says that the value of a header or a variable is nobody's business,
// whether the scenario calls it a secret or not.
func credential(name, value string) bool { return secret.Name(name) || secret.Value(value) }

// credentials are what a flag's value may give away, where it is a credential: all
// of it, and the longer of its words, as in "Bearer TOKEN" or "sid=TOKEN; theme=dark".
// Short ones are part of ordinary text.
func credentials(flag, value string) (out []string) {
	const least = 8
	name, given, _ := strings.Cut(value, separators[flag])
	if !credential(name, given) {
		return nil
	}
	words := []string{given}
	for w := range strings.FieldsFuncSeq(given, func(r rune) bool { return r == ' ' || r == ';' || r == ',' }) {
		_, of, _ := strings.Cut(w, "=")
		words = append(words, w, of)
	}
	for _, w := range words {
		if len(strings.TrimSpace(w)) >= least && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
