package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"leakhunt/harness/fault"
)

// manCommand writes the manual pages, for those who package leakhunt.
func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write the manual pages into a folder",
		Hidden: true,
		Args:   one("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b := built()
			header := &doc.GenManHeader{Title: "LEAKHUNT", Section: "1", Source: "leakhunt " + b.version, Manual: "Leakhunt"}
			if !b.date.IsZero() {
				header.Date = &b.date
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return fault.Usagef("cannot make the folder for the manual pages").Because(err)
			}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("cannot write the manual pages: %w", err)
			}
			return nil
		},
	}
}
