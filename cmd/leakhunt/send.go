package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leakhunt/harness/fault"
	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
	"leakhunt/harness/target"
	"leakhunt/report"
	"leakhunt/scenarios"
)

type sendFlags struct {
	pid     int
	all     bool
	app     string
	status  []int
	headers []string
	data    string
	timeout time.Duration
	output  string
}

const sendLong = `Send sends one request to one process (--pid), or to every process of an
application (--all), past the load balancer: a health check of each process, or
a word to one of them to clear its cache.

Without --app, --all reaches the processes of one application that runs under a
server which is known (Passenger, puma, gunicorn, php-fpm and others). Whatever else
listens, such as a program of Go or Node, may be no application: --app names it.

Exit code 0: every answer was as expected (--expect-status, else 2xx or 3xx).
1: at least one was not. 3: there is no such process.`

const sendExample = `  leakhunt send --all --app shop --expect-status 200 /health
  leakhunt send --pid 4242 POST /cache/clear -H 'X-Token: 7' -d ''
  leakhunt send --all /health -q || echo a process is ill     # for cron`

func (a *app) sendCommand() *cobra.Command {
	var f sendFlags
	c := &cobra.Command{
		Use:     "send [METHOD] URI",
		Short:   "One request to one process, or to every process of an application",
		Long:    sendLong,
		Example: sendExample,
		Args:    atLeastOne("a URI"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.send(cmd.Context(), strings.Join(args, " "), cmd.Flags().Changed("data"), &f)
		},
	}
	fl := c.Flags()
	fl.IntVarP(&f.pid, "pid", "p", 0, "the process")
	fl.BoolVar(&f.all, "all", false, "every process of the application")
	fl.StringVar(&f.app, "app", "", "the application, where several run")
	fl.IntSliceVar(&f.status, "expect-status", nil, "the statuses that are right; none: any 2xx or 3xx")
	fl.StringArrayVarP(&f.headers, "header", "H", nil, `a header, "Name: value"; repeatable`)
	fl.StringVarP(&f.data, "data", "d", "", "the body, @FILE for a file's; makes the method POST where none is given")
	fl.DurationVar(&f.timeout, "timeout", 30*time.Second, "how long to wait for each answer")
	fl.StringVarP(&f.output, "output", "o", "table", "table or json")
	return c
}

func (a *app) send(ctx context.Context, line string, body bool, f *sendFlags) error {
	tmpl, err := f.template(line, body)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	if (f.pid != 0) == f.all {
		return fault.Usagef("send needs one of --pid and --all").WithHint("leakhunt processes lists what there is.")
	}
	o, err := a.reportOptions("")
	if err != nil {
		return err
	}
	list, err := a.list(ctx)
	if err != nil {
		return err
	}
	chosen, err := f.choose(list)
	if err != nil {
		return err
	}
	rows := make([]report.Sent, 0, len(chosen))
	failed := false
	for _, e := range chosen {
		row := sendTo(ctx, e, tmpl)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failed = failed || !row.OK
		rows = append(rows, row)
	}
	if !a.quiet || f.output != "table" {
		if err := report.WriteSent(a.stdout, f.output, rows, o); err != nil {
			return err
		}
	}
	if failed {
		return &finding{code: exitFound}
	}
	return nil
}

// check refuses, before anything is sent, what no answer could be right for.
func (f *sendFlags) check() error {
	for _, s := range f.status {
		if s < 100 || s > 599 {
			return fault.Usagef("--expect-status %d: a status is a number from 100 to 599", s)
		}
	}
	if f.timeout <= 0 {
		return fault.Usagef("--timeout %s: a duration above 0 is needed, such as 30s", f.timeout)
	}
	return report.CheckListing(f.output)
}

func (f *sendFlags) template(line string, body bool) (*load.Template, error) {
	method, uri, err := scenarios.ParseRequestLine(line)
	if err != nil {
		return nil, err
	}
	if body && !strings.Contains(line, " ") {
		method = "POST"
	}
	headers, err := pairs("--header", ":", f.headers)
	if err != nil {
		return nil, err
	}
	spec := load.Spec{Method: method, URI: uri, HasBody: body, Body: f.data, Timeout: f.timeout, Status: f.status}
	if name, ok := strings.CutPrefix(f.data, "@"); ok {
		text, err := load.BodyFile(name)
		if err != nil {
			return nil, fault.Usagef("cannot read the body").Because(err)
		}
		spec.Body = string(text)
	}
	for _, h := range headers {
		spec.Header = append(spec.Header, [2]string{h.Name, h.Value})
	}
	tmpl, err := load.Compile(spec)
	if err != nil {
		return nil, fault.Usagef("%q cannot be sent", line).Because(err)
	}
	return tmpl, nil
}

// choose picks the processes; the error names what there is.
func (f *sendFlags) choose(list []target.Entry) ([]target.Entry, error) {
	if f.pid != 0 {
		return f.one(list)
	}
	var apps, guessed []string // by name; guessed are those of no recognised server
	var chosen []target.Entry
	for _, e := range list {
		names := &apps
		if !e.Recognised() {
			names = &guessed
		}
		if e.App != "" && !slices.Contains(*names, e.App) {
			*names = append(*names, e.App)
		}
		if f.app != "" && e.App == f.app || f.app == "" && e.Recognised() {
			chosen = append(chosen, e)
		}
	}
	switch {
	case len(chosen) == 0 && len(apps)+len(guessed) == 0:
		return nil, fault.Measuref("no application process was found").WithHint("leakhunt processes says why one may be missing.")
	case len(chosen) == 0 && f.app == "":
		return nil, fault.Usagef("--all, and no process that listens here runs under a server that is known to serve an application").
			WithHint("Where one of these is yours, name it with --app: %s.", strings.Join(guessed, ", "))
	case len(chosen) == 0:
		return nil, fault.Measuref("there is no application %q", f.app).WithHint("There are: %s.", strings.Join(append(apps, guessed...), ", "))
	case f.app == "" && len(apps) > 1:
		return nil, fault.Usagef("--all, and several applications run").WithHint("Name one with --app: %s.", strings.Join(apps, ", "))
	}
	return chosen, nil
}

// one picks the process that --pid names.
func (f *sendFlags) one(list []target.Entry) ([]target.Entry, error) {
	for _, e := range list {
		if e.PID == f.pid {
			return []target.Entry{e}, nil
		}
	}
	return nil, fault.Measuref("pid %d is no application process that can be sent requests", f.pid).
		WithHint("leakhunt processes lists what there is.")
}

// sendTo sends the request to one process and reads its RSS around it.
func sendTo(ctx context.Context, e target.Entry, tmpl *load.Template) report.Sent {
	row := report.Sent{Server: e.Server, App: e.App, PID: e.PID, Problem: e.Problem, Remedy: e.Remedy}
	if e.Problem != "" {
		return row
	}
	id, err := proc.Find(e.PID)
	if err != nil {
		row.Problem = err.Error()
		return row
	}
	meter, err := memory.Open(id)
	if err != nil {
		row.Problem = err.Error()
		return row
	}
	defer meter.Close()
	if row.RSSBefore, err = meter.RSS(); err != nil {
		row.Problem = err.Error()
		return row
	}
	c := load.New(e.Endpoint(), false)
	defer c.Close()
	res := c.Do(ctx, tmpl, load.Values{N: 1})
	row.Status, row.Bytes, row.OK = res.Status, res.Bytes, res.OK()
	row.LatencyMS = float64(res.Latency.Microseconds()) / 1000
	switch {
	case res.Err != nil:
		row.Problem, row.Remedy = res.Err.Error(), fault.HintOf(res.Err)
	case res.Failure != "":
		row.Problem = res.Failure
	}
	if row.RSSAfter, err = meter.RSS(); err != nil && row.Problem == "" {
		row.Problem = fmt.Sprintf("after the answer: %v", err)
		row.OK = false
	}
	return row
}
