package scenarios

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"leakhunt/harness/fault"
)

// variable is one entry of vars:, as the file has it.
type variable struct {
	name, written string
	broken        bool // its value could not be read; that is reported already
}

// vars reads the scenario's own variables.
func (d *decoder) vars(dst map[string]string) reader {
	return func(n *yaml.Node) {
		d.pairs(n, "write name: value, such as vars: {user: admin}", func(key, value *yaml.Node) {
			if wrong, fix := checkName(key.Value); wrong != "" {
				d.problem(key, fix, "%s", wrong)
			}
			var s string
			before := len(d.problems)
			d.plain(&s)(value)
			dst[key.Value] = s
			d.variables = append(d.variables, variable{key.Value, value.Value, len(d.problems) > before})
		})
	}
}

// secretName is one entry of secrets:.
type secretName struct {
	node *yaml.Node
	name string
}

// secrets reads the names of what must stay hidden.
func (d *decoder) secrets(n *yaml.Node) {
	d.list(n, "write a list of names: secrets: [ADMIN_PASSWORD]", func(item *yaml.Node) {
		s := secretName{node: item}
		d.text(&s.name, matches(nameForm, "this is not a name", "secrets: lists names of environment variables or of vars, never the values"))(item)
		if s.name != "" {
			d.secretNames = append(d.secretNames, s)
		}
	})
}

// resolveSecrets finds the values that the secrets' names stand for. A name
// may be that of a variable and of an environment variable at once: then both
// values are secret.
func (d *decoder) resolveSecrets(s *Scenario) {
	values := []string{s.Runtime.Token}
	for _, secret := range d.secretNames {
		fromVars, isVar := s.Vars[secret.name]
		fromEnv, isEnv := d.lookupEnv(secret.name)
		var broken bool
		for _, v := range d.variables {
			if v.name == secret.name {
				broken = broken || v.broken
				d.hideWritten(v.written)
			}
		}
		switch {
		case broken:
		case !isVar && !isEnv:
			fix := "set it (export " + secret.node.Value + "=…), or define it under vars:"
			if w := fault.Closest(secret.name, slices.Collect(maps.Keys(s.Vars))); w != "" {
				fix = `did you mean "` + w + `"? Otherwise ` + fix
			}
			d.problem(secret.node, fix, "the secret %s is not defined", secret.node.Value)
		case fromVars == "" && fromEnv == "":
			d.problem(secret.node, "give it a value, or take it off this list", "the secret %s is empty", secret.node.Value)
		}
		for _, v := range []string{fromVars, fromEnv} {
			if wrong, fix := longEnough(v); v != "" && wrong != "" {
				d.problem(secret.node, fix+", or take it off this list", "the secret %s: %s", secret.node.Value, wrong)
				break
			}
		}
		values = append(values, fromVars, fromEnv)
	}
	slices.Sort(values)
	for _, v := range slices.Compact(values) {
		if v != "" {
			s.Secrets = append(s.Secrets, v)
			d.hide(v)
		}
	}
}

// longEnough says what is wrong with a secret of less than four characters
// (secret.Shortest): to hide it would riddle every output.
func longEnough(text string) (wrong, fix string) {
	if utf8.RuneCountInString(strings.TrimSpace(text)) < 4 {
		return "this is too short to be kept out of the output", "use one of at least 4 characters"
	}
	return "", ""
}

// hideWritten hides a secret that stands in the file itself. A reference to
// the environment is shown as it is.
func (d *decoder) hideWritten(text string) {
	if !strings.Contains(text, "${") {
		d.hide(text)
	}
}

// hidePassword hides that of a URL. It is refused there, and must not be
// printed for that.
func (d *decoder) hidePassword(text string) {
	if m := userInfo.FindStringSubmatch(text); m != nil {
		d.hideWritten(m[1])
	}
}

var userInfo = regexp.MustCompile(`//([^/@]*)@`)

// hide keeps a value out of all problems, in each way a YAML file may write it.
func (d *decoder) hide(value string) {
	const fragment = 4 // a line of a key this short gives nothing away
	quoted := strconv.Quote(value)
	d.sensitive = append(d.sensitive, value, quoted[1:len(quoted)-1], strings.ReplaceAll(value, "'", "''"))
	if lines := strings.Split(value, "\n"); len(lines) > 1 {
		for _, l := range lines {
			if l = strings.TrimSpace(l); len(l) >= fragment {
				d.sensitive = append(d.sensitive, l)
			}
		}
	}
}

// redacted is the problems without the sensitive values.
func (d *decoder) redacted() []Problem {
	slices.SortFunc(d.sensitive, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var oldnew []string
	for _, v := range slices.Compact(d.sensitive) {
		if v != "" {
			oldnew = append(oldnew, v, "***")
		}
	}
	hide := strings.NewReplacer(oldnew...)
	for i := range d.problems {
		p := &d.problems[i]
		r := []rune(p.Text)
		before := string(r[:max(0, min(p.Column-1, len(r)))])
		p.caret = utf8.RuneCountInString(hide.Replace(before)) + 1
		p.Text, p.Message, p.Fix = hide.Replace(p.Text), hide.Replace(p.Message), hide.Replace(p.Fix)
	}
	return d.problems
}
