package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leakhunt/harness/journal"
	"leakhunt/report"
	"leakhunt/scenarios"
)

// completions teaches shells what flags and arguments can be.
func (a *app) completions(root *cobra.Command) {
	flags := map[string]cobra.CompletionFunc{
		"color": fixed("auto", "always", "never"), "progress": fixed("auto", "bar", "plain", "none"),
		"fail-on": fixed(report.FailOnLeak, report.FailOnRegression, report.FailOnInconclusive, report.FailOnNever),
		"pid":     a.completePIDs, "app": a.completeApps,
		"only": a.completeNames, "skip": a.completeNames, "sites-for": a.completeNames, "tag": a.completeTags,
		"resume": completeJournals, "requests": fixed("auto"), "warmup": fixed("auto"), "output": completeFormats,
	}
	for _, c := range root.Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if complete, ok := flags[f.Name]; ok {
				_ = c.RegisterFlagCompletionFunc(f.Name, complete) // it is registered once
			}
		})
		switch c.Name() {
		case "run", "doctor", "minimize", "validate":
			c.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
				if len(args) > 0 && c.Name() != "validate" {
					return nil, cobra.ShellCompDirectiveNoFileComp
				}
				return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
			}
		}
	}
	_ = root.RegisterFlagCompletionFunc("color", flags["color"])
}

// fixed completes to a few words.
func fixed(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// completeFormats completes -o, which means other formats to other commands.
func completeFormats(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	if strings.Contains(typed, "=") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	switch cmd.Name() {
	case "run", "report", "compare", "merge", "judge":
		return report.Formats(), cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	case "minimize":
		return []string{"scenario", "json"}, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completePIDs(cmd *cobra.Command, _ []string, _ string) (words []string, _ cobra.ShellCompDirective) {
	list, err := a.list(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, e := range list {
		if e.PID != 0 {
			words = append(words, fmt.Sprintf("%d\t%s", e.PID, printable(e.Server+" "+e.App)))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeApps(cmd *cobra.Command, _ []string, _ string) (words []string, _ cobra.ShellCompDirective) {
	list, err := a.list(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, e := range list {
		if e.App != "" {
			words = append(words, printable(e.App))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// chosen is the scenario that the command line names, or nil.
func chosen(args []string) *scenarios.Scenario {
	path := defaultScenario
	if len(args) > 0 {
		path = args[0]
	}
	if path == "-" {
		return nil
	}
	sc, err := scenarios.Load(path, scenarios.Options{TargetGiven: true})
	if err != nil {
		return nil
	}
	return sc
}

func (a *app) completeNames(_ *cobra.Command, args []string, _ string) (words []string, _ cobra.ShellCompDirective) {
	if sc := chosen(args); sc != nil {
		for _, u := range sc.URIs {
			words = append(words, printable(u.Name))
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeTags(_ *cobra.Command, args []string, _ string) (words []string, _ cobra.ShellCompDirective) {
	if sc := chosen(args); sc != nil {
		for _, u := range sc.URIs {
			words = append(words, u.Tags...)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeJournals completes to the journals whose runs can be gone on with.
func completeJournals(*cobra.Command, []string, string) (words []string, _ cobra.ShellCompDirective) {
	all, err := journal.List("")
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	for _, e := range all {
		if e.Err == nil && !e.Complete {
			words = append(words, e.Path+"\t"+printable(e.Scenario.Name))
		}
	}
	return words, cobra.ShellCompDirectiveDefault
}
