package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
)

// first is what a first scenario is made from, and where it goes.
type first struct {
	scenarios.First
	file string
}

func (a *app) initCommand() *cobra.Command {
	var f first
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a first scenario, by asking or from flags",
		Long: `Init writes a scenario for a target that is running, or for a command that starts
one. What is not given as a flag is asked for where there is a terminal.`,
		Example: `  leakhunt init                                                 # asks
  leakhunt init --url http://127.0.0.1:3000 --uri / --uri /cart
  leakhunt init --command 'puma -w 0 -b tcp://127.0.0.1:${PORT}' --uri /
  leakhunt init --passenger shop --uri / -f shop.yaml`,
		Args: none,
		RunE: func(*cobra.Command, []string) error { return a.init(&f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.URL, "url", "", "pin the process that answers at this URL")
	fl.StringVar(&f.Command, "command", "", "start this command; ${PORT} is the free port it must listen on")
	fl.StringVar(&f.Passenger, "passenger", "", "pin a process of this Passenger application")
	fl.StringArrayVar(&f.URIs, "uri", nil, `a URI to measure, "/path" or "METHOD /path"; repeatable`)
	fl.StringVarP(&f.file, "file", "f", "leakhunt.yaml", "the file to write; - is stdout")
	return c
}

func (a *app) init(f *first) error {
	if f.URL == "" && f.Command == "" && f.Passenger == "" || len(f.URIs) == 0 {
		if in, ok := a.stdin.(*os.File); !ok || !isTerminal(in) {
			return fault.Usagef("init needs a target and a URI").
				WithHint("Give --url, --command or --passenger, and --uri at least once; leakhunt init --help shows examples.")
		}
		f.ask(bufio.NewScanner(a.stdin), a.stderr)
	}
	text, err := f.First.YAML()
	if err != nil {
		return err
	}
	if _, err := scenarios.Parse(text, f.file, scenarios.Options{}); err != nil {
		return err
	}
	if f.file == "-" {
		_, err := a.stdout.Write(text)
		return err
	}
	// O_EXCL: a scenario that somebody wrote is never overwritten.
	out, err := os.OpenFile(f.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fault.Usagef("%s is there already", f.file).WithHint("Name another file with -f.")
	}
	if err != nil {
		return fault.Usagef("cannot write the scenario").Because(err)
	}
	_, err = out.Write(text)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	a.note("%s is written. Next: leakhunt doctor %s, then leakhunt run %s", f.file, f.file, f.file)
	return nil
}

// ask fills what is missing from a dialogue.
func (f *first) ask(in *bufio.Scanner, out io.Writer) {
	question := func(text string) string {
		fmt.Fprint(out, text+" ")
		if !in.Scan() {
			return ""
		}
		return strings.TrimSpace(in.Text())
	}
	if f.URL == "" && f.Command == "" && f.Passenger == "" {
		f.URL = question("URL of the running application (empty: a command that starts it):")
		if f.URL == "" {
			f.Command = question("Command, with ${PORT} where it takes its port:")
		}
	}
	for len(f.URIs) == 0 || f.URIs[len(f.URIs)-1] != "" {
		uri := question("A URI to measure, such as / or POST /cart (empty: no more):")
		if uri == "" {
			return
		}
		f.URIs = append(f.URIs, uri)
	}
}
