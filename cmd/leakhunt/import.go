package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leakhunt/harness/fault"
	"leakhunt/report"
	"leakhunt/scenarios"
	"leakhunt/scenarios/imports"
)

// importFlags say what of a source is taken, and where the scenario goes.
type importFlags struct {
	imports.Options
	target  scenarios.Pin
	line    string // the command as it was typed
	output  string
	force   bool
	headers bool          // har
	format  string        // access-log
	host    string        // access-log
	ready   time.Duration // app
}

// source is where URIs come from: a command of import.
type source struct {
	name, what, example string // what stands after the name
	short, long         string
	flags               func(*pflag.FlagSet, *importFlags)
	read                func(a *app, ctx context.Context, args []string, f *importFlags) (*imports.Found, error)
	many                bool
	none                bool // nothing stands after the name
}

func sources() []source {
	return []source{
		{
			name: "access-log", what: "FILE...", many: true, short: "URIs from access logs, by how often they are asked for",
			long: `Reads what nginx and Apache write (common, combined, with the virtual host), the
JSON of Caddy and Traefik, and Rails' lograge. With --format it reads any other layout.
Paths that are one route become one URI, filled with values from the log.`,
			example: `  leakhunt import access-log /var/log/nginx/access.log -o shop.yaml
  zcat -f access.log* | leakhunt import access-log - --url http://127.0.0.1:3000
  leakhunt import access-log app.log --format '$remote_addr [$time_local] "$request" $status $request_time'`,
			flags: func(fl *pflag.FlagSet, f *importFlags) {
				fl.StringVar(&f.format, "format", "", "the layout of a line, as nginx's log_format has it")
				fl.StringVar(&f.host, "host", "", "of a log of several virtual hosts, the one to take")
			},
			read: (*app).importLogs,
		},
		{
			name: "har", what: "FILE", short: "URIs from what a browser recorded (HAR)",
			long:    "Requests to the host of the first count. Secrets never get into the scenario: a placeholder stands for each.",
			example: "  leakhunt import har visit.har -o shop.yaml",
			flags: func(fl *pflag.FlagSet, f *importFlags) {
				fl.BoolVar(&f.headers, "with-headers", false, "take headers and cookies too, but for secrets")
			},
			read: single(func(_ *app, r io.Reader, _ string, f *importFlags) (*imports.Found, error) {
				return imports.HAR(r, f.Options, f.headers)
			}),
		},
		{
			name: "openapi", what: "FILE", short: "URIs from an OpenAPI 3 description",
			long:    "Parameters have the values of their examples, defaults and enums.",
			example: "  leakhunt import openapi api.yaml -o shop.yaml",
			read: single(func(_ *app, r io.Reader, _ string, f *importFlags) (*imports.Found, error) {
				return imports.OpenAPI(r, f.Options)
			}),
		},
		{
			name: "sitemap", what: "FILE", short: "URIs from a sitemap, or an index of those beside it",
			example: "  leakhunt import sitemap public/sitemap.xml.gz -o shop.yaml",
			read:    single((*app).importSitemap),
		},
		{
			name: "rails-routes", what: "FILE", short: "URIs from the output of rails routes",
			example: "  bin/rails routes | leakhunt import rails-routes - -o shop.yaml",
			read: single(func(_ *app, r io.Reader, _ string, f *importFlags) (*imports.Found, error) {
				return imports.RailsRoutes(r, f.Options)
			}),
		},
		{
			name: "crawl", what: "URL", short: "URIs from the pages of a running application",
			long: `Asks with GET alone, on the origin of URL alone. Links and forms that log out,
delete or send are left alone; of each route a few pages are enough.`,
			example: "  leakhunt import crawl http://127.0.0.1:3000 -o shop.yaml",
			read: func(_ *app, ctx context.Context, args []string, f *importFlags) (*imports.Found, error) {
				if !f.target.Aimed() {
					f.target.URL = origin(args[0])
				}
				return imports.Crawl(ctx, args[0], f.Options)
			},
		},
		fromApp(),
	}
}

func (a *app) importCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "import SOURCE FILE",
		Short: "Write a scenario from a log, a recording, a description, the pages, or the application itself",
		Example: `  leakhunt import access-log /var/log/nginx/access.log -o shop.yaml
  leakhunt import crawl http://127.0.0.1:3000 -o shop.yaml`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			err := fault.Usagef("import knows no source %q", args[0])
			if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
				return err.WithHint("Did you mean %s?", strings.Join(like, " or "))
			}
			return err.WithHint("leakhunt import --help lists the sources.")
		},
		SuggestionsMinimumDistance: 2,
	}
	for _, s := range sources() {
		c.AddCommand(a.importFrom(s))
	}
	return c
}

func (a *app) importFrom(s source) *cobra.Command {
	var f importFlags
	what := "file"
	if s.what == "URL" {
		what = s.what
	}
	c := &cobra.Command{
		Use:     strings.TrimSpace(s.name + " " + s.what),
		Short:   s.short,
		Long:    strings.TrimSpace(s.short + ".\n\n" + s.long),
		Example: s.example,
		Args:    one(what),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importTo(cmd.Context(), s, args, &f)
		},
	}
	switch {
	case s.many:
		c.Args = atLeastOne("a " + what)
	case s.none:
		c.Args = none
	}
	fl := c.Flags()
	fl.StringVarP(&f.output, "output", "o", "-", "the scenario to write, values beside it in a .csv; - is stdout, without a data file")
	fl.BoolVar(&f.force, "force", false, "overwrite files that are there")
	fl.IntVar(&f.Max, "max", 200, "URIs at most: the most requested")
	fl.BoolVar(&f.Unsafe, "unsafe", false, "take methods other than GET and HEAD, too: they change what the application stores")
	fl.StringVar(&f.target.URL, "url", "", "pin the process that answers at this URL")
	fl.StringVar(&f.line, "command", "", "start this command; ${PORT} is the free port it must listen on")
	fl.StringVar(&f.target.Passenger, "passenger", "", "pin a process of this Passenger application")
	if s.flags != nil {
		s.flags(fl, &f)
	}
	return c
}

// importTo reads a source and writes the scenario.
func (a *app) importTo(ctx context.Context, s source, args []string, f *importFlags) error {
	if f.Max < 1 {
		return fault.Usagef("--max %d", f.Max).WithHint("Give at least 1.")
	}
	if t := &f.target; t.URL != "" && t.Passenger != "" || t.URL+t.Passenger != "" && (f.line != "" || len(t.Command) > 0) {
		return fault.Usagef("more than one target").WithHint("Give one of --url, --command and --passenger.")
	}
	if f.line != "" {
		note, err := command(&f.target, f.line)
		if err != nil {
			return err
		}
		if note != "" {
			a.note("%s", note)
		}
	}
	if err := f.vacant(); err != nil {
		return err
	}
	f.target = seenFrom(f.target, f.output)
	found, err := s.read(a, ctx, args, f)
	if err != nil {
		return err
	}
	if len(found.Routes) == 0 {
		return nothingFound(found)
	}
	if !f.target.Aimed() {
		f.target.URL = "http://127.0.0.1:3000"
		a.note("which process is pinned is not known: change target: (http://127.0.0.1:3000), or give --url, --command or --passenger")
	}
	return a.writeImport(found, f)
}

func nothingFound(found *imports.Found) error {
	err := fault.Usagef("no URI to measure is in %s", found.Source)
	if len(found.Notes) > 0 {
		return err.WithHint("Left out: %s.", printable(strings.Join(found.Notes, "; ")))
	}
	return err
}

// dataFile is the data file beside a scenario.
func dataFile(scenario string) string {
	return strings.TrimSuffix(scenario, filepath.Ext(scenario)) + ".csv"
}

// vacant refuses files that are there, before anything is read.
func (f *importFlags) vacant() error {
	if f.output == "-" {
		return nil
	}
	if err := report.CheckPath(f.output); err != nil {
		return err
	}
	for _, name := range []string{f.output, dataFile(f.output)} {
		if _, err := os.Lstat(name); err == nil && !f.force {
			return fault.Usagef("%s is there already", name).WithHint("Name another file with -o, or overwrite it with --force.")
		}
	}
	return nil
}

// writeImport writes the scenario, and the data file first: a scenario never
// names one that is not there.
func (a *app) writeImport(found *imports.Found, f *importFlags) error {
	for _, n := range found.Notes {
		a.note("left out: %s", printable(n))
	}
	if names := found.Unfilled(); len(names) > 0 {
		a.note("nothing gives these a value yet; leakhunt validate names each: %s", strings.Join(names, ", "))
	}
	if f.output == "-" {
		return found.Write(a.stdout, f.target, "")
	}
	data := ""
	if len(found.Columns) > 0 {
		data = dataFile(f.output)
		if err := report.WriteFile(data, found.WriteData); err != nil {
			return err
		}
		data = filepath.Base(data)
	}
	if err := report.WriteFile(f.output, func(w io.Writer) error { return found.Write(w, f.target, data) }); err != nil {
		return err
	}
	beside := ""
	if data != "" {
		beside = ", its values in " + data
	}
	a.note("%s is written, %d URIs%s. Next: leakhunt validate %s, then leakhunt run %s", f.output, len(found.Routes), beside, f.output, f.output)
	return nil
}
