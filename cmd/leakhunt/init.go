package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
	"leakhunt/scenarios/imports"
)

// first is what a first scenario is made from, and where it goes.
type first struct {
	scenarios.First
	file string
	from string // a source of import; "" for none
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
  leakhunt init --passenger shop --uri / -f shop.yaml
  leakhunt init --command 'puma -w 0 -b tcp://127.0.0.1:${PORT}' --from access.log
  leakhunt init --from http://127.0.0.1:3000/                   # crawls`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.init(cmd.Context(), &f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.URL, "url", "", "pin the process that answers at this URL")
	fl.StringVar(&f.Command, "command", "", "start this command; ${PORT} is the free port it must listen on")
	fl.StringVar(&f.Passenger, "passenger", "", "pin a process of this Passenger application")
	fl.StringArrayVar(&f.URIs, "uri", nil, `a URI to measure, "/path" or "METHOD /path"; repeatable`)
	fl.StringVar(&f.from, "from", "", "take the URIs from a file (access log, HAR, OpenAPI, sitemap, rails routes), or crawl from a URL")
	fl.StringVarP(&f.file, "file", "f", "leakhunt.yaml", "the file to write; - is stdout")
	return c
}

func (a *app) init(ctx context.Context, f *first) error {
	if err := f.vacant(); err != nil {
		return err
	}
	if f.from != "" {
		return a.initFrom(ctx, f)
	}
	if !f.aimed() || len(f.URIs) == 0 {
		if in, ok := a.stdin.(*os.File); ok && isTerminal(in) {
			if err := f.ask(newDialogue(ctx, in, a.stderr)); err != nil {
				return err
			}
		}
	}
	if !f.aimed() || len(f.URIs) == 0 {
		return fault.Usagef("init needs a target and a URI").
			WithHint("Give --url, --command or --passenger, and --uri at least once; leakhunt init --help shows examples.")
	}
	text, err := f.YAML()
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

// initFrom takes the URIs from a source of import.
func (a *app) initFrom(ctx context.Context, f *first) error {
	if len(f.URIs) > 0 {
		return fault.Usagef("--from and --uri both say what is measured").WithHint("Give one of them; the file that is written can be changed.")
	}
	s, err := a.sourceOf(f.from)
	if err != nil {
		return err
	}
	if in, ok := a.stdin.(*os.File); ok && !f.aimed() && s.name != "crawl" && f.from != "-" && isTerminal(in) {
		if err := f.askTarget(newDialogue(ctx, in, a.stderr)); err != nil {
			return err
		}
	}
	if !f.aimed() && s.name != "crawl" {
		return fault.Usagef("init --from needs a target").
			WithHint("Give --url, --command or --passenger; leakhunt init --help shows examples.")
	}
	o := importFlags{output: f.file}
	o.Max = 200
	o.target = imports.Target{URL: f.URL, Command: f.Command, Passenger: f.Passenger}
	return a.importTo(ctx, s, []string{f.from}, &o)
}

// aimed is whether a target is given.
func (f *first) aimed() bool { return f.URL != "" || f.Command != "" || f.Passenger != "" }

// vacant refuses a file that is there already, before anything is asked.
func (f *first) vacant() error {
	if _, err := os.Lstat(f.file); f.file != "-" && err == nil {
		return fault.Usagef("%s is there already", f.file).WithHint("Name another file with -f.")
	}
	return nil
}

// check is what is wrong with f as far as it goes; what is still to come is
// taken to be right.
func (f *first) check() error {
	try := f.First
	if !f.aimed() {
		try.URL = "http://127.0.0.1"
	}
	if len(try.URIs) == 0 {
		try.URIs = []string{"/"}
	}
	text, err := try.YAML()
	if err != nil {
		return err
	}
	_, err = scenarios.Parse(text, "", scenarios.Options{})
	return err
}

// ask fills what is missing from a dialogue. An answer that cannot be used is
// asked for again.
func (f *first) ask(d *dialogue) error {
	if err := f.askTarget(d); err != nil {
		return err
	}
	given := f.URIs
	for f.aimed() {
		var uri string
		err := d.question("A URI to measure, such as / or POST /cart (empty: no more):", &uri, func() error {
			f.URIs = slices.Concat(given, []string{uri})
			return f.check()
		})
		if err != nil || uri == "" {
			f.URIs = given
			return err
		}
		given = f.URIs
	}
	return nil
}

// askTarget asks for the target where it is missing.
func (f *first) askTarget(d *dialogue) error {
	if !f.aimed() {
		if err := d.question("URL of the running application (empty: a command that starts it):", &f.URL, f.check); err != nil {
			return err
		}
		if f.URL == "" {
			if err := d.question("Command, with ${PORT} where it takes its port:", &f.Command, f.check); err != nil {
				return err
			}
		}
	}
	return nil
}
