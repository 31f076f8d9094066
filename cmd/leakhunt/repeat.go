package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leakhunt/harness/secret"
)

// looks are the flags that shape what is shown, or what it leads to, and not
// what is measured.
var looks = []string{
	"output", "progress", "quiet", "verbose", "color", "fail-on", "baseline", "allow-different", "git-bisect", "dry-run", "resume",
}

// credential is the name of a header or a variable whose value is nobody's
// business, whether the scenario calls it a secret or not.
var credential = regexp.MustCompile(`(?i)authorization|cookie|token|secret|passw|api-?_?key|session|csrf`)

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

// discreet is a flag's value without what it may give away.
func discreet(flag, value string) string {
	sep := map[string]string{"header": ":", "var": "="}[flag]
	if name, _, ok := strings.Cut(value, sep); sep != "" && ok && credential.MatchString(name) {
		return name + sep + secret.Mark
	}
	return value
}
