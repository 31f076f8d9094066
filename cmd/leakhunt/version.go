package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
)

// buildFacts are what a program knows of how it was built.
type buildFacts struct {
	version  string // the module's, or "devel" with the commit
	commit   string // "" where it was built from no repository
	date     time.Time
	modified bool // there were changes beside the commit
}

func buildOf(info *debug.BuildInfo) buildFacts {
	b := buildFacts{version: info.Main.Version}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.time":
			b.date, _ = time.Parse(time.RFC3339, s.Value)
		case "vcs.modified":
			b.modified = s.Value == "true"
		}
	}
	const short = 12
	if len(b.commit) > short {
		b.commit = b.commit[:short]
	}
	if b.version == "" || b.version == "(devel)" {
		b.version = "devel"
		if b.commit != "" {
			b.version += "-" + b.commit
		}
	}
	return b
}

// built is how this program was built.
func built() buildFacts {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return buildFacts{version: "unknown"}
	}
	return buildOf(info)
}

// version is the module's version, or the commit it was built from.
func version() string { return built().version }

// String is the version for people: a line, then one of the commit where it is known.
func (b buildFacts) String() string {
	s := "leakhunt " + b.version
	if b.commit != "" {
		s += "\ncommit " + b.commit
		if !b.date.IsZero() {
			s += " of " + b.date.UTC().Format("2006-01-02 15:04 UTC")
		}
		if b.modified {
			s += ", with changes"
		}
	}
	return s + fmt.Sprintf("\n%s, %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and its date",
		Args:  none,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.stdout, built())
			return err
		},
	}
}
