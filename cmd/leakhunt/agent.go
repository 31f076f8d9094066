package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/harness/runtimes"
)

func (a *app) agentCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "agent ruby|node|python",
		Short: "Print the agent for a process that others start, and the lines that load it",
		Long: `Agent prints a small file that collects garbage and counts what is alive. It does
so when leakhunt asks it to, over a Unix socket that only its own user may open. The
lines that load it, under Passenger, systemd, Docker or a Procfile, go to stderr.`,
		Example: `  leakhunt agent ruby > /opt/leakhunt/agent.rb
  leakhunt agent node > /opt/leakhunt/agent.js
  leakhunt agent python > /opt/leakhunt/python/sitecustomize.py`,
		ValidArgs: runtimes.Languages(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fault.Usagef("agent needs one language").WithHint("leakhunt agent ruby, node or python.")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := runtimes.Source(args[0])
			if err != nil {
				return err
			}
			how, err := runtimes.Instructions(args[0])
			if err != nil {
				return err
			}
			a.note("%s", how)
			_, err = fmt.Fprint(a.stdout, text)
			return err
		},
	}
}
