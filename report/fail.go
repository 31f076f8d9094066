package report

import (
	"fmt"
	"slices"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// What a run fails on. A budget that is broken fails with each of them but
// FailOnNever: a budget is a promise about the URI, whatever its verdict.
const (
	FailOnLeak         = "leak"         // a leak, or a regression where there is a baseline
	FailOnRegression   = "regression"   // what is worse than the baseline: leaks it has are let pass
	FailOnInconclusive = "inconclusive" // as FailOnLeak, and what could not be decided
	FailOnNever        = "never"
)

// CheckFailOn returns a usage fault for what is no value of --fail-on, and for
// FailOnRegression without a baseline.
func CheckFailOn(failOn string, baseline bool) error {
	all := []string{FailOnLeak, FailOnRegression, FailOnInconclusive, FailOnNever}
	if !slices.Contains(all, failOn) {
		return fault.Usagef("--fail-on cannot be %q", clean(failOn)).WithHint("It is one of %s.", strings.Join(all, ", "))
	}
	if failOn == FailOnRegression && !baseline {
		return fault.Usagef("--fail-on regression needs a baseline").
			WithHint("Add --baseline FILE, a result file of the run to compare with.")
	}
	return nil
}

// Failure is one reason for which a run fails.
type Failure struct {
	URI     *result.URI
	Kind    string // "leak", "over budget" or "regression"
	Message string // a sentence; what came from outside is in it as it came
}

// Outcome is what the gate decided. Which exit code it becomes is the
// command's business.
type Outcome struct {
	Failing      []Failure        // in the order of the ranking
	Inconclusive []*result.URI    // with FailOnInconclusive, and where no URI could be settled
	Errors       []*result.URI    // URIs whose requests failed, whatever the gate
	Warnings     []result.Warning // ignores that end, or have ended
	// Ended says why the run ended before its time. It is "" where it did not, and
	// where a limit that the user set ended it and something was measured.
	Ended string
}

// Decide says what r fails on. cmp is the comparison with the baseline, nil
// without one. An ignored URI fails nothing, until its ignore has ended on the
// day on which the run began. A run that settled no URI at all is inconclusive
// whatever the gate: it must not be taken for one that found nothing.
func Decide(r *result.Result, failOn string, cmp *Comparison) Outcome {
	o := Outcome{Warnings: ignoreWarnings(r)}
	if !r.Complete && (r.EndedBy != result.EndedByLimit || NothingMeasured(r)) {
		o.Ended = "The run ended before everything was measured" + reason(r.Incomplete) + "."
	}
	if failOn == "" {
		failOn = FailOnLeak
	}
	open := unsettled(r)
	for i := range r.URIs {
		u := &r.URIs[i]
		if u.Ignored && !ended(u, r.StartedAt) {
			continue
		}
		if u.Verdict == verdict.Failed {
			o.Errors = append(o.Errors, u)
		}
		change := cmp.of(u)
		if f, ok := failure(u, change, failOn); ok && failOn != FailOnNever {
			o.Failing = append(o.Failing, f)
		} else if open || failOn == FailOnInconclusive && (u.Verdict == verdict.Inconclusive || change.Kind == Unclear) {
			o.Inconclusive = append(o.Inconclusive, u)
		}
	}
	return o
}

// unsettled says that something was measured, and each URI is inconclusive.
func unsettled(r *result.Result) bool {
	return !NothingMeasured(r) && !slices.ContainsFunc(r.URIs, func(u result.URI) bool { return u.Verdict != verdict.Inconclusive })
}

// failure is the gravest reason for which u fails: a regression names what
// changed, a leak what is wrong, a broken budget what was promised.
func failure(u *result.URI, change Change, failOn string) (Failure, bool) {
	switch {
	case change.Kind == Regression, change.worse() && failOn == FailOnRegression:
		return Failure{u, "regression", change.Why}, true
	case u.Verdict == verdict.Leak && failOn != FailOnRegression:
		among := interval(u)
		if byCount(u) != nil {
			among = figuresOf(u).interval()
		}
		return Failure{u, "leak", fmt.Sprintf("%s keeps %s with every request (%s). %s", label(u), figuresOf(u).growth(), among, u.Why)}, true
	case u.OverBudget:
		return Failure{u, "over budget", fmt.Sprintf("%s grows by at least %s, and its budget is %s.", label(u),
			units.Rate(u.GrowthLow), units.Bytes(float64(u.Budget)))}, true
	}
	return Failure{}, false
}
