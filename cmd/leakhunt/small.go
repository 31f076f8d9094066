package main

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"leakhunt/harness/demo"
	"leakhunt/harness/fault"
	"leakhunt/harness/units"
	"leakhunt/report"
	"leakhunt/scenarios"
)

// atLeastOne refuses a command without arguments with its own example.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fault.Usagef("%s needs %s", cmd.CommandPath(), what).
				WithHint("%s --help shows examples.", cmd.CommandPath())
		}
		return nil
	}
}

// one refuses a command without its argument, and with more than that: a second
// file that is not measured would pass for one that is clean.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fault.Usagef("%s takes one %s, and got %q too", cmd.CommandPath(), what, args[1]).
				WithHint("Give each a command line of its own.")
		}
		return atLeastOne("a "+what)(cmd, args)
	}
}

// optional refuses more than one argument.
func optional(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return one(what)(cmd, args)
	}
}

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate [SCENARIO...]",
		Short: "Check scenario files; nothing is sent",
		Example: `  leakhunt validate shop.yaml
  leakhunt validate scenarios/*.yaml
  envsubst < shop.template | leakhunt validate -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				path, err := a.scenarioPath(cmd, args)
				if err != nil {
					return err
				}
				args = []string{path}
			}
			var errs []error
			for _, path := range args {
				errs = append(errs, a.validate(path))
			}
			return errors.Join(errs...)
		},
	}
}

func (a *app) validate(path string) error {
	text, err := a.text(path)
	if err != nil {
		return err
	}
	sc, err := scenarios.Parse(text, path, scenarios.Options{})
	if err != nil {
		return err
	}
	if path == "-" {
		path = "standard input"
	}
	if !a.quiet {
		fmt.Fprintf(a.stdout, "%s: valid, %s\n", path, units.Quantity(float64(len(sc.URIs)), "URIs"))
	}
	return nil
}

func (a *app) schemaCommand() *cobra.Command {
	var result bool
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema (draft-07) of the scenario, or of the result",
		Example: `  leakhunt schema > leakhunt.schema.json          # then, as a scenario's first line:
  #   # yaml-language-server: $schema=./leakhunt.schema.json
  leakhunt schema --result > result.schema.json`,
		Args: none,
		RunE: func(*cobra.Command, []string) error {
			s := scenarios.Schema()
			if result {
				s = report.Schema()
			}
			_, err := a.stdout.Write(s)
			return err
		},
	}
	c.Flags().BoolVar(&result, "result", false, "the schema of the result file")
	return c
}

func (a *app) demoCommand() *cobra.Command {
	var listen string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Serve the demo application: known leaks, known innocents",
		Example: `  leakhunt demo                                   # serves on 127.0.0.1:8080
  leakhunt run demo                               # starts its own, and hunts its leaks`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Its routes allocate megabytes a request, of which every KiB would be
			// sampled otherwise (GODEBUG): the demo is to be quick.
			runtime.MemProfileRate = 16 << 10
			return demo.Serve(cmd.Context(), listen, a.stdout)
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address to serve on")
	return c
}
