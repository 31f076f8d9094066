package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/scenarios"
	"leakhunt/scenarios/project"
	"leakhunt/scenarios/shellline"
)

// first is what a first scenario is made from, and where it goes.
type first struct {
	scenarios.First
	line  string // the command as it was typed
	file  string
	from  string // a source of import; "" for none
	force bool
	yes   bool
}

const initLong = `Init writes a scenario for a target that is running, or for a command that starts
one. What is not given as a flag is asked for where there is a terminal, with what
this folder and this machine propose: Gemfile, config.ru, package.json, manage.py,
index.php, go.mod, Procfile, compose files, and who listens now. --yes takes the
first of them that is in this folder.

A command is given as it is typed into a shell: RAILS_ENV=production bin/rails s -p
$PORT. Init says what leakhunt, which starts one program, cannot do for a shell.`

func (a *app) initCommand() *cobra.Command {
	var f first
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a first scenario, by asking, from flags, or from what is found here",
		Long:  initLong,
		Example: `  leakhunt init                                                 # asks
  leakhunt init --yes                                           # takes what it finds here
  leakhunt init --url http://127.0.0.1:3000 --uri / --uri /cart
  leakhunt init --command 'puma -w 0 -b tcp://127.0.0.1:${PORT}' --uri /
  leakhunt init --passenger shop --uri / -f shop.yaml
  leakhunt init --command 'puma -w 0 -b tcp://127.0.0.1:${PORT}' --from access.log
  leakhunt init --command 'puma -w 0 -b tcp://127.0.0.1:${PORT}' --from app   # asks its framework
  leakhunt init --from http://127.0.0.1:3000/                   # crawls`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.init(cmd.Context(), &f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.URL, "url", "", "pin the process that answers at this URL")
	fl.StringVar(&f.line, "command", "", "start this command; ${PORT} is the free port it must listen on")
	fl.StringVar(&f.Passenger, "passenger", "", "pin a process of this Passenger application")
	fl.StringArrayVar(&f.URIs, "uri", nil, `a URI to measure, "/path" or "METHOD /path"; repeatable`)
	fl.StringVar(&f.from, "from", "", "take the URIs from a file (access log, HAR, OpenAPI, sitemap, rails routes), crawl from a URL, or ask the application for its routes (app)")
	fl.StringVarP(&f.file, "file", "f", defaultScenario, "the file to write; - is stdout")
	fl.BoolVar(&f.force, "force", false, "overwrite the file if it is there")
	fl.BoolVarP(&f.yes, "yes", "y", false, "ask nothing: take the first proposal, and / where no URI is given")
	return c
}

func (a *app) init(ctx context.Context, f *first) error {
	if err := f.vacant(); err != nil {
		return err
	}
	if (f.URL != "" && f.Passenger != "") || (f.URL+f.Passenger != "" && f.line != "") {
		return fault.Usagef("more than one target").WithHint("Give one of --url, --command and --passenger.")
	}
	if f.line != "" {
		note, err := command(&f.Pin, f.line)
		if err != nil {
			return err
		}
		if note != "" {
			a.note("%s", note)
		}
	}
	if err := f.checkFlags(); err != nil {
		return err
	}
	if f.from != "" {
		return a.initFrom(ctx, f)
	}
	if err := a.complete(ctx, f); err != nil {
		return err
	}
	if here, err := os.Getwd(); err == nil && filepath.Base(f.file) == defaultScenario && here != "/" {
		f.Name = filepath.Base(here) // every application has a leakhunt.yaml: runs are told apart by the name
	}
	there := f.First
	there.Pin = seenFrom(f.Pin, f.file)
	text, err := there.YAML()
	if err != nil {
		return err
	}
	if _, err := scenarios.Parse(text, f.file, scenarios.Options{}); err != nil {
		return err
	}
	for _, w := range a.probe(ctx, &f.First) {
		a.note("%s", printable(w))
	}
	return a.writeFirst(f, text)
}

// seenFrom is a target as the scenario in file has to say it, whose target.dir is relative
// to its own folder: a command is given from the present one.
func seenFrom(pin scenarios.Pin, file string) scenarios.Pin {
	here, err := os.Getwd()
	folder, wrong := filepath.Abs(filepath.Dir(file))
	if len(pin.Command) == 0 || filepath.IsAbs(pin.Dir) || err != nil || wrong != nil || folder == here {
		return pin
	}
	if dir, err := filepath.Rel(folder, here); err == nil {
		pin.Dir = filepath.Join(dir, pin.Dir)
	}
	return pin
}

// complete fills what no flag gives: from a dialogue, or from what is found here.
func (a *app) complete(ctx context.Context, f *first) error {
	if f.Aimed() && len(f.URIs) > 0 {
		return nil
	}
	var found []proposal
	if !f.Aimed() {
		found = a.proposals(ctx)
		a.unclear(found)
	}
	if f.yes {
		f.take(a, found)
	} else if in, ok := a.stdin.(*os.File); ok && isTerminal(in) {
		if err := a.ask(newDialogue(ctx, in, a.stderr), f, found); err != nil {
			return err
		}
	}
	if f.Aimed() && len(f.URIs) > 0 {
		return nil
	}
	return lacking(found)
}

// lacking says that init needs a target, and what it could be.
func lacking(found []proposal) error {
	hint := "Give --url, --command or --passenger, and --uri at least once; leakhunt init --help shows examples."
	if i := slices.IndexFunc(found, ours); i >= 0 {
		hint = "leakhunt init --yes takes what is found here: " + printable(found[i].String()) + ". Or give --url, --command or --passenger, and --uri at least once."
	} else if len(found) > 0 {
		hint = "What runs in other folders is not taken unasked. The first is " + printable(found[0].String()) + "; leakhunt processes lists all. " + hint
	}
	return fault.Usagef("init needs a target and a URI").WithHint("%s", hint)
}

// checkFlags says what is wrong with a flag by its name: its value stands in no file yet.
func (f *first) checkFlags() error {
	const root = "http://127.0.0.1"
	try := func(flag, value string, pin scenarios.Pin, uri string) error {
		part := first{First: scenarios.First{Pin: pin, URIs: []string{uri}}}
		var found *scenarios.Errors
		err := part.check()
		if !errors.As(err, &found) || len(found.Problems) == 0 {
			return err
		}
		said := flag + " " + printable(value)
		if strings.Contains(value, "@") { // it may hold a password
			said = flag
		}
		wrong := fault.Usagef("%s: %s", said, found.Problems[0].Message)
		switch fix := found.Problems[0].Fix; {
		case flag == "--uri":
			return wrong.WithHint("Write /path, or a method before it: 'DELETE /cart'.")
		case fix != "":
			return wrong.WithHint("%s", strings.ToUpper(fix[:1])+fix[1:]+".")
		}
		return wrong
	}
	var err error
	if f.URL != "" {
		err = try("--url", f.URL, scenarios.Pin{URL: f.URL}, "/")
	}
	if f.Passenger != "" {
		err = try("--passenger", f.Passenger, scenarios.Pin{Passenger: f.Passenger}, "/")
	}
	for _, uri := range f.URIs {
		err = errors.Join(err, try("--uri", uri, scenarios.Pin{URL: root}, uri))
	}
	return err
}

// ours are proposals that are taken unasked. What runs elsewhere may be anybody's.
func ours(p proposal) bool { return !p.elsewhere }

// unclear says what is in this folder and tells nothing, where all of it tells nothing.
func (a *app) unclear(found []proposal) {
	if slices.ContainsFunc(found, ours) {
		return
	}
	for _, why := range project.Unclear(os.DirFS(".")) {
		a.note("%s", printable(why))
	}
}

// take takes the first proposal of this folder, and a URI that every application has.
func (f *first) take(a *app, found []proposal) {
	if i := slices.IndexFunc(found, ours); !f.Aimed() && i >= 0 {
		f.Pin = found[i].Pin
		a.note("found: %s", printable(found[i].String()))
		if found[i].Note != "" {
			a.note("mind that %s", found[i].Note)
		}
	}
	if f.Aimed() && len(f.URIs) == 0 {
		f.URIs = []string{"/"}
	}
}

// writeFirst writes the scenario. Where its file cannot be written, no answer is
// lost: it goes to standard output.
func (a *app) writeFirst(f *first, text []byte) error {
	if f.file == "-" {
		_, err := a.stdout.Write(text)
		return err
	}
	// O_EXCL: a scenario that somebody wrote is never overwritten unasked.
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if f.force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	out, err := os.OpenFile(f.file, mode, 0o644)
	if err == nil {
		_, err = out.Write(text)
		err = errors.Join(err, out.Close())
	}
	if err != nil {
		_, lost := a.stdout.Write(text)
		return errors.Join(fault.Usagef("cannot write the scenario, which is on standard output instead").Because(err), lost)
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
	if !f.Aimed() && s.name != "crawl" {
		found := a.proposals(ctx)
		a.unclear(found)
		if f.yes {
			f.take(a, found)
		} else if in, ok := a.stdin.(*os.File); ok && f.from != "-" && isTerminal(in) {
			if err := a.askTarget(newDialogue(ctx, in, a.stderr), f, found); err != nil {
				return err
			}
		}
	}
	if !f.Aimed() && s.name != "crawl" {
		return fault.Usagef("init --from needs a target").
			WithHint("Give --url, --command or --passenger; leakhunt init --help shows examples.")
	}
	o := importFlags{output: f.file, force: f.force, target: f.Pin}
	o.Max = 200
	return a.importTo(ctx, s, []string{f.from}, &o)
}

// vacant refuses a file that is there already, before anything is asked.
func (f *first) vacant() error {
	if _, err := os.Lstat(f.file); f.file != "-" && err == nil && !f.force {
		return fault.Usagef("%s is there already", f.file).WithHint("Name another file with -f, or overwrite it with --force.")
	}
	return nil
}

// check is what is wrong with f as far as it goes; what is still to come is
// taken to be right.
func (f *first) check() error {
	try := f.First
	if !f.Aimed() {
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

// command reads a command line into the target. note is what a reader should know
// of it, or "".
func command(p *scenarios.Pin, line string) (note string, err error) {
	c, err := shellline.Parse(line)
	if err != nil {
		return "", err
	}
	p.Command, p.Env, p.Dir = c.Argv, c.Env, c.Dir
	if knowsPort(p) {
		return "", nil
	}
	if p.Port = portIn(c.Argv); p.Port == 0 {
		return "the command has no ${PORT}: it must listen on the port that stands in the variable PORT, or target: needs port: with its own", nil
	}
	return "port: is taken from the command; with ${PORT} in its place leakhunt would choose a free one", nil
}

// knowsPort is whether a command is told its port.
func knowsPort(p *scenarios.Pin) bool {
	return slices.ContainsFunc(slices.Concat(p.Command, p.Env), func(s string) bool { return strings.Contains(s, "PORT") })
}
