package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/reduce"
	"leakhunt/harness/units"
	"leakhunt/report"
	"leakhunt/scenarios"
)

const minimizeLong = `Minimize takes a flow that leaks, and leaves out what it leaks without. The URIs of
the scenario are sent in their order, as a visitor would, over and over. It prints a
scenario with the fewest of them that still leak together.

With one URI (--only chooses it) the parts of its request are left out: headers,
query parameters, cookies, and the fields of form: and json:. A header that was given
by -H is always sent.

A test repeats a subset 30 times or more on the pinned process. It reads what is
alive by the runtime's own counter where there is one, else RSS. A subset leaks where
it grows the process by at least three tenths of what the whole does. Each question
is put to two tests, and to a third where they disagree.

-o scenario (the default) prints the scenario; -o json prints what was found. Into a
file (-o scenario=FILE) the smallest that leaked so far is written each time that one
is found. That file is what a journal would be for: a search that was killed goes on
from it, and none is kept beside it.

Exit code 0: the smallest part is found. 2: the command line or the scenario is
wrong, nothing was sent. 3: nothing leaks, the leak does not repeat, or the process
could not be measured to the end; what was known by then is printed.`

const minimizeExample = `  leakhunt minimize flow.yaml > small.yaml           # the steps that leak together
  leakhunt minimize shop.yaml --only 'order page'    # what it is about its request
  leakhunt minimize flow.yaml -o scenario=small.yaml -o json=small.json`

// hiddenInMinimize are flags of a run that mean nothing to it: a test has rounds of its own.
var hiddenInMinimize = [...]string{"requests", "warmup", "rounds", "seed", "shard", "shard-uris", "timings"}

func (a *app) minimizeCommand() *cobra.Command {
	var f overrides
	var outputs []string
	c := &cobra.Command{
		Use:     "minimize [SCENARIO]",
		Short:   "Reduce a flow, or a request, to the smallest that still leaks",
		Long:    minimizeLong,
		Example: minimizeExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := a.scenarioPath(cmd, args)
			if err != nil {
				return err
			}
			return a.minimize(cmd, path, &f, outputs)
		},
	}
	f.register(c.Flags())
	for _, name := range hiddenInMinimize {
		_ = c.Flags().MarkHidden(name) // they are there
	}
	c.Flags().StringArrayVarP(&outputs, "output", "o", nil, "FORMAT[=PATH], repeatable: scenario or json; - or nothing is stdout")
	return c
}

func (a *app) minimize(cmd *cobra.Command, path string, f *overrides, asked []string) error {
	sinks, err := a.plainSinks(asked, "scenario", "json")
	if err != nil {
		return err
	}
	plan, err := a.plan(f, path)
	if err != nil {
		return err
	}
	small, err := a.reduction(plan, f, path)
	if err != nil {
		return err
	}
	for _, s := range sinks {
		if s.path != "" {
			if err := report.CheckPath(s.path); err != nil {
				return err
			}
		}
	}
	tgt, agents, done, err := a.openTarget(plan.Scenario)
	if err != nil {
		return err
	}
	defer done()
	res, err := reduce.Minimize(cmd.Context(), small.flow, tgt, harness.Options{
		Version: version(), OpenMeter: openMeter, OpenCounter: a.counter(plan.Scenario, agents),
		Secret: a.keepSecret, Redact: a.secrets.RedactString,
	}, a.reductions(small, sinks))
	if res == nil {
		return err
	}
	for _, s := range sinks {
		if bad := s.write(a, func(w io.Writer) error { return small.write(w, s.format, res) }); bad != nil && err == nil {
			err = bad
		}
	}
	if err == nil && !a.quiet {
		fmt.Fprintln(a.stderr, printable(summary(res, small.flow)))
	}
	return err
}

// reductions tells on stderr how the candidates become fewer; with -v, of every test.
// A smaller one goes into the files of scenarios, so that it is there whatever ends the
// search. One that cannot be written is told of at the end.
func (a *app) reductions(small *reduced, sinks []plainSink) func(reduce.Reduction) {
	whole := len(small.flow.Parts)
	smallest := whole
	return func(r reduce.Reduction) {
		for _, s := range sinks {
			if s.format == "scenario" && s.path != "" && len(r.Smallest) < smallest {
				_ = s.write(a, func(w io.Writer) error { return small.begun(w, r) })
			}
		}
		switch {
		case a.quiet:
		case a.verbose:
			answer := "does not leak"
			if r.Leaks {
				answer = "leaks"
			}
			a.note("test %d: %d of %d %s (%s %s a round); the smallest that leaks so far has %d",
				r.Test, len(r.Set), whole, answer, units.Number(r.Growth), r.Unit, len(r.Smallest))
		case len(r.Smallest) < smallest:
			a.note("test %d: %d of %d leak still", r.Test, len(r.Smallest), whole)
		}
		smallest = len(r.Smallest)
	}
}

func summary(r *reduce.Minimal, flow *reduce.Flow) string {
	what := "requests"
	if flow.Part != nil {
		what = "parts of the request"
	}
	if r.Of > 0 && len(r.Minimal) == 0 {
		return fmt.Sprintf("the request leaks %s whatever its parts are (%d tests, %s requests)", units.Rate(r.Growth), r.Tests, units.Count(r.Requests))
	}
	return fmt.Sprintf("%d of %d %s leak %s: %s (%d tests, %s requests)", len(r.Minimal), r.Of, what, units.Rate(r.Growth),
		strings.Join(r.Minimal, ", "), r.Tests, units.Count(r.Requests))
}

// reduced is a flow, and how a smaller one is written.
type reduced struct {
	flow  *reduce.Flow
	file  func(keep []int) ([]byte, error) // the scenario with those parts
	title string
}

// reduction says what can be left out of a plan.
func (a *app) reduction(plan *harness.Plan, f *overrides, path string) (*reduced, error) {
	data, err := a.text(path)
	if err != nil {
		return nil, err
	}
	opt, err := f.options()
	if err != nil {
		return nil, err
	}
	full, err := scenarios.Parse(data, path, opt)
	if err != nil {
		return nil, err
	}
	index := map[string]int{}
	for i, u := range full.URIs {
		index[u.Name] = i
	}
	r := scenarios.NewReducer(data, path)
	out := &reduced{flow: &reduce.Flow{Plan: plan}, title: path}
	if len(plan.Items) > 1 {
		var at []int
		for _, it := range plan.Items {
			out.flow.Parts = append(out.flow.Parts, it.Name)
			at = append(at, index[it.Name])
		}
		out.file = func(keep []int) ([]byte, error) { return r.URIs(pick(at, keep)) }
		return out, nil
	}
	uri := index[plan.Items[0].Name]
	parts, err := r.Parts(uri)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, fault.Usagef("%s is one request with nothing that could be left out", plan.Items[0].Name).
			WithHint("A flow has two URIs or more; one request has headers, query parameters, cookies or fields. leakhunt run says whether it leaks.")
	}
	for _, p := range parts {
		out.flow.Parts = append(out.flow.Parts, p.String())
	}
	out.file = func(keep []int) ([]byte, error) { return r.Request(uri, keep) }
	out.flow.Part = func(keep []int) (*load.Template, error) { return part(out, f, path, opt, keep) }
	return out, nil
}

func pick(from, keep []int) []int {
	out := make([]int, len(keep))
	for i, k := range keep {
		out[i] = from[k]
	}
	return out
}

// part compiles the request that has those parts, as the file says that is written.
func part(r *reduced, f *overrides, path string, opt scenarios.Options, keep []int) (*load.Template, error) {
	text, err := r.file(keep)
	if err != nil {
		return nil, err
	}
	sc, err := scenarios.Parse(text, path, opt)
	if err != nil {
		return nil, err
	}
	if err := f.request(sc); err != nil {
		return nil, err
	}
	plan, err := harness.NewPlan(sc)
	if err != nil {
		return nil, err
	}
	return plan.Items[0].Template, nil
}

// write writes what was found in a format.
func (r *reduced) write(w io.Writer, format string, res *reduce.Minimal) error {
	if format == "json" {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(res)
	}
	text, err := r.file(res.Keep)
	if err != nil {
		return err
	}
	state := ""
	if !res.Complete {
		state = "# It may be made smaller still: the search ended early.\n"
	}
	_, err = fmt.Fprintf(w, "# What is left of %s: %s.\n%s# To see it leak again: leakhunt minimize THIS-FILE\n%s",
		printable(r.title), printable(summary(res, r.flow)), state, text)
	return err
}

// begun writes the smallest scenario of a search that goes on.
func (r *reduced) begun(w io.Writer, so reduce.Reduction) error {
	text, err := r.file(so.Smallest)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "# %d of the %d parts of %s leak still, after %d tests. It may be made smaller still: the search goes on.\n"+
		"# To go on from here: leakhunt minimize THIS-FILE\n%s", len(so.Smallest), len(r.flow.Parts), printable(r.title), so.Test, text)
	return err
}

// plainSink is an output of a command that has formats of its own.
type plainSink struct{ format, path string }

// plainSinks reads -o; the first format to standard output where none was asked for.
func (a *app) plainSinks(asked []string, formats ...string) ([]plainSink, error) {
	if len(asked) == 0 {
		asked = formats[:1]
	}
	var out []plainSink
	for _, s := range asked {
		format, path, given := strings.Cut(s, "=")
		known := false
		for _, k := range formats {
			known = known || k == format
		}
		switch {
		case !known:
			return nil, fault.Usagef("unknown output format %q", format).WithHint("Use %s.", strings.Join(formats, " or "))
		case given && path == "":
			return nil, fault.Usagef("no path after %q", s).WithHint("Write -o %s=FILE, or -o %[1]s for standard output.", format)
		}
		if path == "-" {
			path = ""
		}
		if err := a.files.writes(format, path, "-o "+format+"=FILE"); err != nil {
			return nil, err
		}
		out = append(out, plainSink{format, path})
	}
	return out, nil
}

// write writes to the sink's place, without secrets.
func (s plainSink) write(a *app, do func(io.Writer) error) error {
	if s.path == "" {
		return do(a.stdout)
	}
	var b strings.Builder
	if err := do(&b); err != nil {
		return err
	}
	err := report.WriteFile(s.path, func(w io.Writer) error {
		_, err := io.WriteString(w, a.secrets.RedactString(b.String()))
		return err
	})
	if err != nil { // what it holds was found all the same
		return fault.Measuref("%v", err).WithHint("%s", fault.HintOf(err))
	}
	return nil
}
