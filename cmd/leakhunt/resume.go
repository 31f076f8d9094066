package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"leakhunt/harness"
	"leakhunt/harness/fault"
	"leakhunt/harness/journal"
	"leakhunt/harness/lanes"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/report"
)

// resume goes on with the run of a journal, by the scenario and the flags that it
// was begun with. A run that is complete is rendered.
func (a *app) resume(cmd *cobra.Command, args []string, f *runFlags) error {
	if f.journal != "" && !same(f.journal, f.resume) {
		return fault.Usagef("--journal %s: a run that goes on is written on in its own journal", f.journal).
			WithHint("Leave --journal out. To keep %s as it is, go on with a copy.", f.resume)
	}
	if err := a.files.reads(f.resume); err != nil {
		return err
	}
	j, err := journal.Open(f.resume)
	if err != nil {
		return err
	}
	st, err := a.replay(j)
	if err = errors.Join(err, j.Close()); err != nil {
		return err
	}
	path := st.Header.Scenario.Path
	if len(args) > 0 {
		if path, err = a.scenarioPath(cmd, args); err != nil {
			return err
		}
	}
	if end := st.End(); end != nil && end.Complete {
		return a.renderComplete(st, path, f)
	}
	if err := a.unchanged(path, st.Header, f.resume); err != nil {
		return err
	}
	if err := recall(cmd.Flags(), st.Header.Command, f.resume); err != nil {
		return err
	}
	plan, sinks, err := a.prepare(path, f)
	if err != nil {
		return err
	}
	if err := a.fits(plan, f, st); err != nil {
		return err
	}
	plan.GoOn(st)
	if f.dryRun {
		return a.describe(plan)
	}
	k := &keeper{app: a, path: f.resume}
	if len(args) > 0 {
		k.scenario = path
	}
	if st, err = k.resume(); err != nil {
		return err
	}
	return a.hunt(cmd, plan, path, f, sinks, k, st)
}

// resume takes the journal over, and says where its run stands.
func (k *keeper) resume() (*lanes.Run, error) {
	w, run, err := journal.Resume(k.path)
	if err != nil {
		return nil, err
	}
	k.w = w
	st, err := lanes.Replay(run.Header, run.Events)
	k.pinned = st.Begun()
	if err != nil { // it was read just now, without an error
		k.close()
		return nil, fault.Usagef("the journal %s was changed while it was read", k.path).Because(err)
	}
	return st, nil
}

// renderComplete shows the result of a run that needs no more.
func (a *app) renderComplete(st *lanes.Run, path string, f *runFlags) error {
	sinks, err := a.sinks(f.outputs)
	if err != nil {
		return err
	}
	if err := f.gate.load(a, st.Header.Scenario.Name); err != nil {
		return err
	}
	a.note("the run of %s is complete: this is its result", f.resume)
	return a.conclude(result.OfRun(st, version()), nil, path, sinks, f, &keeper{app: a, path: noJournal, kept: f.resume})
}

// unchanged refuses a scenario that is not the one the run began with.
func (a *app) unchanged(path string, h record.Header, file string) error {
	text, err := a.text(path)
	if err != nil {
		return fault.Usagef("cannot read the scenario of the run, %s", printable(path)).Because(errors.Unwrap(err)).
			WithHint("Where it lies elsewhere now: %s", report.ShellLine("leakhunt", "run", "SCENARIO", "--resume", file))
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != h.Scenario.SHA256 {
		return fault.Usagef("%s is not the scenario that the run of %s began with: it was changed, or is another", printable(path), file).
			WithHint("Run it from the start, or bring the scenario back. What was measured so far: %s", report.ShellLine("leakhunt", "report", file))
	}
	return nil
}

// fits refuses to go on with a run by a plan that it was not begun with.
func (a *app) fits(p *harness.Plan, f *runFlags, st *lanes.Run) error {
	now := report.Redact(p.Header(harness.Options{SitesFor: f.sitesFor, Stay: a.stay}, time.Now()), a.secrets.RedactString)
	if p.Seed == 0 {
		now.Seed = st.Header.Seed
	}
	if what, was, is := differs(st.Header, now); what != "" {
		return fault.Usagef("the run of %s cannot go on with another plan: %s was %s, and would be %s", f.resume, what, was, is).
			WithHint("Leave out the flag that changes it, or run the scenario from the start.")
	}
	return nil
}
