package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"leakhunt/harness"
	"leakhunt/harness/doctor"
	"leakhunt/harness/units"
)

func (a *app) doctorCommand() *cobra.Command {
	var f overrides
	c := &cobra.Command{
		Use:   "doctor [SCENARIO]",
		Short: "Before a long run: what could go wrong on this very target",
		Long: `Doctor pins the target of a scenario and sends a few hundred requests. It says
whether exactly one process is pinned, what could replace it, and what makes its
RSS hard to read. It says, too, how small a leak so many requests would find.`,
		Example: "  leakhunt doctor shop.yaml\n  leakhunt doctor shop.yaml -t http://127.0.0.1:3000",
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := a.scenarioPath(cmd, args)
			if err != nil {
				return err
			}
			plan, err := a.plan(&f, path)
			if err != nil {
				return err
			}
			tgt, agents, done, err := a.openTarget(plan.Scenario)
			if err != nil {
				return err
			}
			defer done()
			d, err := doctor.Diagnose(cmd.Context(), plan, tgt, harness.Options{
				OpenMeter:   openMeter,
				OpenCounter: a.counter(plan.Scenario, agents),
				Secret:      a.keepSecret,
			})
			a.diagnosis(d)
			return err
		},
	}
	f.register(c.Flags())
	return c
}

func (a *app) diagnosis(d *doctor.Diagnosis) {
	for _, f := range d.Findings {
		mark := "✓"
		if !f.OK {
			mark = "!"
		}
		fmt.Fprintln(a.stdout, mark, printable(f.Text))
		if f.Remedy != "" {
			fmt.Fprintln(a.stdout, "  →", printable(f.Remedy))
		}
	}
	for i, f := range d.Floors {
		if i == 0 {
			fmt.Fprintln(a.stdout, "\nBy RSS alone, one URI by itself, about the smallest leak that is sure to be found:")
		}
		fmt.Fprintf(a.stdout, "  %6s requests  %s\n", units.Count(f.Requests), units.Rate(f.Bytes))
	}
}
