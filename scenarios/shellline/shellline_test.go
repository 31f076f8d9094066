package shellline_test

import (
	"reflect"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/scenarios/shellline"
)

func TestParse(t *testing.T) {
	for line, want := range map[string]shellline.Command{
		"puma -w 0":                       {Argv: []string{"puma", "-w", "0"}},
		"puma -b tcp://127.0.0.1:${PORT}": {Argv: []string{"puma", "-b", "tcp://127.0.0.1:${PORT}"}},
		`rails s -p $PORT`:                {Argv: []string{"rails", "s", "-p", "${PORT}"}},
		`rails s -p "${PORT:-3000}"`:      {Argv: []string{"rails", "s", "-p", "${PORT:-3000}"}},
		"cd app && RAILS_ENV=production SECRET= exec bin/rails s": {
			Argv: []string{"bin/rails", "s"}, Env: []string{"RAILS_ENV=production", "SECRET="}, Dir: "app",
		},
		`sh -c 'a && exec b ${PORT} $PORT'`: {Argv: []string{"sh", "-c", "a && exec b $${PORT} $PORT"}},
		`java -Dname="two words" a\ b "c\"d\e" # all`: {
			Argv: []string{"java", "-Dname=two words", "a b", `c"d\e`},
		},
		`node --bind [::1]:3000 'x*y?'`: {Argv: []string{"node", "--bind", "[::1]:3000", "x*y?"}},
		`A="$HOME/x" app`:               {Argv: []string{"app"}, Env: []string{"A=${HOME}/x"}},
	} {
		got, err := shellline.Parse(line)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", line, got, err, want)
		}
	}
}

func TestWhatNeedsAShell(t *testing.T) {
	for line, want := range map[string]string{
		"bundle install && puma":   "&&",
		"a || b":                   "||",
		"cat x | puma":             "|",
		"a; b":                     "more than one command",
		"puma &":                   "&",
		"puma > log":               "> log",
		"puma 2>&1":                "2>&1",
		"puma -p $(cat port)":      "$(cat port)",
		"puma -p `cat port`":       "`cat port`",
		"(puma)":                   "(puma)",
		"if a; then b; fi":         "if a; then b; fi",
		"! puma":                   "!",
		"java -jar target/*.jar":   "target/*.jar",
		"~/bin/puma":               "~/bin/puma",
		"puma -p ${PORT%0}":        "${PORT%0}",
		"puma -p $((3000 + 1))":    "$((3000 + 1))",
		"puma $@":                  "$@",
		"":                         "empty",
		"RAILS_ENV=production":     "starts no program",
		"puma 'x":                  "quote",
		"cd a && cd b && puma":     "&&",
		"cd a > /dev/null && b":    "&&",
		"FOO=1 cd a && puma":       "&&",
		"puma -p ${PORT:-${P2}}":   "${PORT:-${P2}}",
		"while true; do a; done":   "while true",
		"puma -b 0.0.0.0:$PORT \\": "",
	} {
		_, err := shellline.Parse(line)
		if want == "" {
			continue
		}
		if err == nil || fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

// FuzzParse: what is taken has a program, and nothing else comes out of an error.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"cd a && B=$C exec d 'e' \"f\\\"\"", "a; b", "$(", "a <<E\nb\nE", "\\", "a\x00b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := shellline.Parse(line)
		if err != nil && !reflect.DeepEqual(c, shellline.Command{}) || err == nil && len(c.Argv) == 0 {
			t.Fatalf("%+v, %v", c, err)
		}
	})
}
