package main

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// defaultScenario is what init writes, and what run takes where nothing is named.
const defaultScenario = "leakhunt.yaml"

// hostPort is an address whose scheme is missing.
var hostPort = regexp.MustCompile(`^[A-Za-z0-9.-]*:[0-9]+(/|$)`)

// scenarioPath is what the arguments of a command say is measured: a file, "-", the
// demo, or an address and URIs, as one path.
func (a *app) scenarioPath(cmd *cobra.Command, args []string) (string, error) {
	if len(args) == 0 {
		return a.here(cmd)
	}
	if scenarios.IsAddress(args[0]) {
		return strings.Join(args, " "), nil
	}
	if _, err := os.Lstat(args[0]); hostPort.MatchString(args[0]) && errors.Is(err, fs.ErrNotExist) {
		where := args[0]
		if strings.HasPrefix(where, ":") {
			where = "127.0.0.1" + where
		}
		return "", fault.Usagef("%s is no file, and no URL either", printable(args[0])).
			WithHint("Write http://%s for the process that answers there.", printable(where))
	}
	return args[0], one("scenario file")(cmd, args)
}

// here is the scenario of the current folder.
func (a *app) here(cmd *cobra.Command) (string, error) {
	if _, err := os.Stat(defaultScenario); err == nil {
		a.note("the scenario is %s", defaultScenario)
		return defaultScenario, nil
	}
	err := fault.Usagef("%s needs a scenario file, and there is no %s here", cmd.CommandPath(), defaultScenario)
	return "", err.WithHint("leakhunt init writes one. A running application needs none: leakhunt %s http://127.0.0.1:3000 / /cart. To see a run: leakhunt run demo.", cmd.Name())
}

// text is the scenario at path. What stands on standard input is read once.
func (a *app) text(path string) (data []byte, err error) {
	if path != "-" {
		if err := a.files.reads(path); err != nil {
			return nil, err
		}
		return scenarios.Read(path)
	}
	if a.said == nil {
		a.said, err = scenarios.ReadFrom(a.stdin, "standard input")
	}
	return a.said, err
}
