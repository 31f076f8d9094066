package main

import (
	"fmt"
	"os"

	"leakhunt/harness/result"
	"leakhunt/report"
)

// onGitHub shows the result where people look on GitHub Actions: annotations
// through the log, and the step's summary. They go to stderr, which the runner
// reads as well, so that stdout stays what was asked for.
func (a *app) onGitHub(res *result.Result, o report.Options) error {
	if os.Getenv("GITHUB_ACTIONS") != "true" {
		return nil
	}
	o.Color = false
	if err := report.Write(a.stderr, "github", res, o); err != nil {
		return err
	}
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("the step summary: %w", err)
	}
	if err := report.Write(f, "markdown", res, o); err != nil {
		f.Close() //nolint:errcheck // the first error is the one to tell
		return err
	}
	return f.Close()
}
