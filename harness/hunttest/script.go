package hunttest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"leakhunt/harness"
	"leakhunt/harness/judge"
	"leakhunt/harness/record"
	"leakhunt/harness/simulate"
	"leakhunt/harness/strategy"
)

// Script is a text that is being read: a process, what was done with it so far, and
// what that means. Its commands, most of which print a table of verdicts:
//
//	process                    # the process that follows: see Parse
//	world                      # one of package simulate: see simulate.Parse
//	hunt [without=RULE,…] [until=PURPOSE] [seeds=A-B]
//	                           # the whole run, or that before the first block for a purpose;
//	                           # with seeds how often each verdict was reached
//	cases [without=RULE,…] [labels]
//	                           # a hunt for each line, such as NAME: runtime go; /feed keeps 1KiB
//	again [without=RULE,…]     # the same process or world from the start
//	next | continue            # the next action; all that are left
//	open [why=WHY] [only=PATH] | send PATH n=N … | wait SECONDS | end
//	                           # actions by hand
//	verdicts [floors] | why [PATH …] [exact] | actions | blocks PATH …
//	warnings | sites | probes
type Script struct {
	t       *testing.T
	text    string // of the process or the world
	driver  harness.Driver
	header  record.Header
	State   *judge.State
	actions []record.Action
}

// Command is one more command of a package's own texts.
type Command func(s *Script, d *datadriven.TestData) string

// Run reads all texts of testdata, each as a test of its own.
func Run(t *testing.T, more map[string]Command) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			s := &Script{t: t}
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				s.t = t
				if do := more[d.Cmd]; do != nil {
					return do(s, d)
				}
				return s.command(d)
			})
		})
	}
}

func (s *Script) command(d *datadriven.TestData) string {
	switch d.Cmd {
	case "process", "world":
		s.text = d.Cmd + "\n" + d.Input
		s.Again(nil)
		return ""
	case "again":
		s.Again(s.rules(d))
		return ""
	case "hunt":
		if d.HasArg("seeds") {
			return s.tally(d)
		}
		if len(s.actions) > 0 || d.HasArg("without") {
			s.Again(s.rules(d))
		}
		return s.hunt(d)
	case "cases":
		return s.cases(d)
	case "continue":
		return s.hunt(d)
	case "next":
		a, ok := strategy.Hunt{}.Next(s.State)
		if !ok {
			return "nothing\n"
		}
		return s.action(a) + "\n"
	case "open", "send", "wait", "end":
		s.byHand(d)
		return ""
	case "verdicts":
		return s.Verdicts(d.HasArg("floors"))
	case "why":
		return s.why(d)
	case "actions":
		return s.stages()
	case "blocks":
		return s.blocks(d)
	case "warnings":
		return s.warnings()
	case "sites":
		return s.sites()
	case "probes":
		return s.probes()
	}
	d.Fatalf(s.t, "no command %s", d.Cmd)
	return ""
}

// Again is the process or world from the start, some rules left out.
func (s *Script) Again(off map[string]bool) {
	kind, text, _ := strings.Cut(s.text, "\n")
	if kind == "world" {
		w, err := simulate.Parse(text)
		if err != nil {
			s.t.Fatal(err)
		}
		s.driver, s.header = w, w.Header()
	} else {
		p, err := Parse(text)
		if err != nil {
			s.t.Fatal(err)
		}
		s.driver, s.header = p, p.Header
	}
	s.State, s.actions = judge.NewWith(s.header, judge.Settings{Off: off}), nil
}

// rules are those that a command leaves out. One that is no more fails the text.
func (s *Script) rules(d *datadriven.TestData) map[string]bool {
	off := map[string]bool{}
	for _, a := range d.CmdArgs {
		if a.Key != "without" {
			continue
		}
		for name := range strings.SplitSeq(strings.Join(a.Vals, ","), ",") {
			if !slices.ContainsFunc(judge.Rules(), func(r judge.Rule) bool { return r.Name == name }) {
				d.Fatalf(s.t, "there is no rule %q", name)
			}
			off[name] = true
		}
	}
	return off
}

// Do carries one action out.
func (s *Script) Do(ctx context.Context, a record.Action, emit func(record.Event)) error {
	s.actions = append(s.actions, a)
	return s.driver.Do(ctx, a, emit)
}

// until is the strategy of the main job up to its first block for a purpose.
type until struct {
	strategy.Hunt
	purpose record.Purpose
}

// Next implements strategy.Strategy.
func (u until) Next(st *judge.State) (record.Action, bool) {
	a, ok := u.Hunt.Next(st)
	if send, is := a.(record.Send); ok && is && send.Purpose == u.purpose {
		return nil, false
	}
	return a, ok
}

// Hunt is what a whole hunt on the process of a text has shown, some rules left out.
func (s *Script) Hunt(text string, without ...string) *judge.State {
	s.text = "process\n" + text
	off := map[string]bool{}
	for _, rule := range without {
		off[rule] = true
	}
	s.Again(off)
	if err := s.drive(strategy.Hunt{}); err != nil {
		s.t.Fatal(err)
	}
	return s.State
}

func (s *Script) hunt(d *datadriven.TestData) string {
	var plan strategy.Strategy = strategy.Hunt{}
	if d.HasArg("until") {
		var purpose string
		d.ScanArgs(s.t, "until", &purpose)
		plan = until{purpose: record.Purpose(purpose)}
	}
	if err := s.drive(plan); err != nil {
		return "error: " + err.Error() + "\n"
	}
	return s.Verdicts(false)
}

// drive goes on to the end of the plan. A run whose plan has nothing left has ended.
func (s *Script) drive(plan strategy.Strategy) error {
	err := harness.Hunt(s.t.Context(), unbroken{s}, s.State, plan, func(record.Event) {})
	if _, ok := (strategy.Hunt{}).Next(s.State); !ok && err == nil {
		err = s.State.Append(harness.Ending(s.State, nil))
	}
	return err
}

// unbroken is a Script as a driver that resumes nothing: a run that goes on with the
// next command was never interrupted.
type unbroken struct{ *Script }

// Do implements harness.Driver.
func (u unbroken) Do(ctx context.Context, a record.Action, emit func(record.Event)) error {
	if open, ok := a.(record.Open); ok && open.Why == record.Resumed {
		return nil
	}
	return u.Script.Do(ctx, a, emit)
}

// tally hunts with several seeds, and counts the verdicts of each URI.
func (s *Script) tally(d *datadriven.TestData) string {
	var span string
	d.ScanArgs(s.t, "seeds", &span)
	first, last, err := span2(span)
	if err != nil {
		d.Fatalf(s.t, "seeds: %v", err)
	}
	counts := map[int]map[string]int{}
	text := s.text
	defer func() { s.text = text }()
	for seed := first; seed <= last; seed++ {
		line := fmt.Sprintf("\nseed %d\n", seed)
		if !strings.HasPrefix(text, "world") {
			line = fmt.Sprintf("\nplan seed %d\n", seed)
		}
		s.text = text + line
		s.Again(s.rules(d))
		if err := s.drive(strategy.Hunt{}); err != nil {
			return fmt.Sprintf("seed %d: %v\n", seed, err)
		}
		for i, f := range s.State.Findings() {
			if counts[i] == nil {
				counts[i] = map[string]int{}
			}
			counts[i][class(f.Label)]++
		}
	}
	return s.counts(counts)
}

func span2(text string) (first, last int, err error) {
	a, b, _ := strings.Cut(text, "-")
	first, err1 := strconv.Atoi(a)
	last, err2 := strconv.Atoi(b)
	return first, last, errors.Join(err1, err2)
}

// byHand carries an action out that a text asks for.
func (s *Script) byHand(d *datadriven.TestData) {
	var a record.Action
	switch d.Cmd {
	case "end":
		s.append(harness.Ending(s.State, nil))
		return
	case "open":
		var why, only string
		d.MaybeScanArgs(s.t, "why", &why)
		o := record.Open{Why: record.Why(why)}
		if d.MaybeScanArgs(s.t, "only", &only) {
			i := s.index(only)
			o.Only = &i
		}
		a = o
	case "wait":
		var seconds int
		if _, err := fmt.Sscan(d.CmdArgs[0].Key, &seconds); err != nil {
			d.Fatalf(s.t, "wait: %v", err)
		}
		a = record.Measure{Wait: float64(seconds)}
	case "send":
		send := record.Send{URI: s.index(d.CmdArgs[0].Key), Purpose: record.Sweep, Settle: d.HasArg("settle"), Strict: d.HasArg("strict")}
		purpose := string(record.Sweep)
		d.ScanArgs(s.t, "n", &send.N)
		d.MaybeScanArgs(s.t, "round", &send.Round)
		d.MaybeScanArgs(s.t, "purpose", &purpose)
		send.Purpose = record.Purpose(purpose)
		if d.MaybeScanArgs(s.t, "touched", &send.Touched.Every) {
			send.Touched.Anew = true
		}
		a = send
	}
	if err := s.Do(s.t.Context(), a, s.append); err != nil {
		s.t.Fatal(err)
	}
}

// Send sends a judged block, with full readings at its edges.
func (s *Script) Send(path string, n, round int) {
	a := record.Send{URI: s.index(path), N: n, Purpose: record.Sweep, Round: round, Settle: true}
	if err := s.Do(s.t.Context(), a, s.append); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Script) append(e record.Event) {
	if err := s.State.Append(e); err != nil {
		s.t.Fatalf("%T: %v", e, err)
	}
}

func (s *Script) index(path string) int {
	for i, it := range s.State.Header.Items {
		if it.Name == path {
			return i
		}
	}
	s.t.Fatalf("no URI %s", path)
	return -1
}
