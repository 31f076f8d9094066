package main

import (
	"context"

	"github.com/spf13/cobra"

	"leakhunt/harness/proc"
	"leakhunt/harness/target"
	"leakhunt/report"
)

func (a *app) processesCommand() *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:     "processes",
		Aliases: []string{"ps"},
		Short:   "List the application processes of this machine",
		Long: `Processes lists every application process that can be sent requests: Passenger's,
of all instances and types, and those that listen on a loopback address or a
Unix socket with a recognised server. Nothing is sent to any of them. One that
may not be looked at is listed with the reason and what would help.`,
		Example: `  leakhunt processes
  leakhunt ps -o json | jq '.processes[] | select(.rss_bytes > 500e6) | .pid'`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := a.list(cmd.Context())
			if err != nil {
				return err
			}
			if len(list) == 0 {
				a.note("no application process was found; one that listens on another machine, or in a container, is not seen from here")
			}
			o, err := a.reportOptions("")
			if err != nil {
				return err
			}
			return report.WriteProcesses(a.stdout, output, list, o)
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return c
}

// list is every process, with their passwords kept out of all output.
func (a *app) list(ctx context.Context) ([]target.Entry, error) {
	if err := proc.Mounted(); err != nil {
		return nil, err
	}
	list, err := target.List(ctx, target.ListOptions{})
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		for _, s := range e.Secrets() {
			a.keepSecret(s)
		}
	}
	return list, nil
}
