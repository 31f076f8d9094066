package report

import (
	"fmt"
	"strings"

	"leakhunt/harness"
)

// command is the command line that measures one URI of the run again. The
// seed is not repeated: with one URI there is no order to repeat.
func command(u *harness.URIResult, r *harness.Result, o Options) string {
	c := o.Command
	if c == "" {
		c = "leakhunt run " + shell(r.Scenario.Path)
	}
	return fmt.Sprintf("%s --only %s", c, shell(glob(label(u))))
}

// glob is a pattern that matches s alone.
func glob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `{`, `\{`).Replace(s)
}

// shell quotes s as one word of a POSIX shell.
func shell(s string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,"
	if s != "" && strings.Trim(s, safe) == "" && strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(safe, r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
