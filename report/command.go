package report

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"leakhunt/harness/result"
	"leakhunt/harness/secret"
)

// command is the command line that measures one URI of the run again. Which
// URIs the run had chosen does not matter to it, nor does their order: with
// one URI there is none.
func command(u *result.URI, r *result.Result) string {
	var words []string
	for _, w := range commandWords(r) {
		flag, _, _ := strings.Cut(w, "=")
		switch flag {
		case "--only", "--skip", "--tag", "--shard", "--seed":
		default:
			words = append(words, w)
		}
	}
	return shellLine(append(words, "--only="+glob(cmp.Or(u.Name, label(u)))))
}

// commandAll is the command line that repeats the whole run, in the same order.
func commandAll(r *result.Result) string {
	var words []string
	for _, w := range commandWords(r) {
		if !strings.HasPrefix(w, "--seed=") {
			words = append(words, w)
		}
	}
	return shellLine(append(words, fmt.Sprintf("--seed=%d", r.Seed)))
}

// commandWords are those of the run; results of old do not have them.
func commandWords(r *result.Result) []string {
	if len(r.Command) > 0 {
		return r.Command
	}
	return []string{"leakhunt", "run", r.Scenario.Path}
}

// glob is a pattern that matches s. What has no glyph cannot be pasted, and
// what stood in a secret's place is not known: wildcards stand for them.
func glob(s string) string {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return '\x00'
	}, s)
	return strings.NewReplacer(secret.Mark, "*", `\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, "\x00", "?").Replace(plain)
}

// ShellLine is words as a POSIX shell takes them, to be pasted.
func ShellLine(words ...string) string { return shellLine(words) }

// shellLine is words as a POSIX shell takes them; of a flag with a value, the
// value alone is quoted.
func shellLine(words []string) string {
	var out []string
	for _, w := range words {
		if flag, value, ok := strings.Cut(w, "="); ok && strings.HasPrefix(flag, "--") {
			out = append(out, shell(flag)+"="+shell(value))
			continue
		}
		out = append(out, shell(w))
	}
	return strings.Join(out, " ")
}

// shell quotes s as one word of a POSIX shell.
func shell(s string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,"
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(safe, r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
