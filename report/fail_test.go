package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/verdict"
)

func outcome(o Outcome) string {
	var s []string
	for _, f := range o.Failing {
		s = append(s, fmt.Sprintf("%s: %s", label(f.URI), f.Kind))
	}
	for _, u := range o.Inconclusive {
		s = append(s, label(u)+": open")
	}
	return strings.Join(s, ", ")
}

func TestDecide(t *testing.T) {
	base, head := sample(), sample()
	base.URIs = base.URIs[1:]                                 // /feed is new, and leaks
	base.URIs[0].Growth, base.URIs[0].GrowthHigh = 3000, 3100 // order page was better
	head.URIs[5].OverBudget, head.URIs[5].Budget = true, 1    // a budget, and no leak
	same, err := Compare(head, head, false)
	if err != nil {
		t.Fatal(err)
	}
	worse, err := Compare(base, head, false)
	if err != nil {
		t.Fatal(err)
	}
	const budget = "/products?page=2&sort=price: over budget"
	for _, tt := range []struct {
		failOn string
		cmp    *Comparison
		want   string
	}{
		{"", nil, "/feed: leak, order page: leak, " + budget},
		{FailOnLeak, nil, "/feed: leak, order page: leak, " + budget},
		{FailOnLeak, worse, "/feed: leak, order page: regression, " + budget},
		{FailOnRegression, same, "order page: over budget, " + budget},
		{FailOnRegression, worse, "/feed: regression, order page: regression, " + budget},
		{FailOnInconclusive, nil, "/feed: leak, order page: leak, " + budget + ", /cart: open"},
		{FailOnNever, worse, ""},
	} {
		o := Decide(head, tt.failOn, tt.cmp)
		if got := outcome(o); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.failOn, got, tt.want)
		}
		if len(o.Errors) != 1 || label(o.Errors[0]) != "/admin" {
			t.Errorf("%q: errors %v", tt.failOn, o.Errors)
		}
		for _, f := range o.Failing {
			if !strings.HasSuffix(f.Message, ".") {
				t.Errorf("%q is no sentence", f.Message)
			}
		}
	}
}

func TestIgnoreEnds(t *testing.T) {
	for _, tt := range []struct {
		began, until string
		fails        bool
		warning      string
	}{
		{"2026-11-20T09:30:00Z", "", false, ""},
		{"2026-11-20T09:30:00Z", "2027-01-31", false, ""},
		{"2027-01-17T23:59:59Z", "2027-01-31", false, ""},
		{"2027-01-18T00:00:00Z", "2027-01-31", false, "ignore-ends"},
		{"2027-01-31T23:59:59Z", "2027-01-31", false, "ignore-ends"},
		{"2027-02-01T00:00:00Z", "2027-01-31", true, "ignore-ended"},
		{"2027-02-01T00:30:00+01:00", "2027-01-31", false, "ignore-ends"},
		{"2026-11-20T09:30:00Z", "2026-02-31", true, "ignore-ended"},
	} {
		began, err := time.Parse(time.RFC3339, tt.began)
		if err != nil {
			t.Fatal(err)
		}
		r := sample()
		r.StartedAt, r.URIs = began, r.URIs[2:3]
		r.URIs[0].IgnoreUntil = tt.until
		o := Decide(r, FailOnLeak, nil)
		var codes []string
		for _, w := range o.Warnings {
			codes = append(codes, w.Code)
		}
		if got := strings.Join(codes, " "); got != tt.warning || (len(o.Failing) == 1) != tt.fails {
			t.Errorf("%s until %s: fails %v, warnings %q", tt.began, tt.until, o.Failing, got)
		}
		n := normal(r)
		if n.URIs[0].Ignored == tt.fails {
			t.Errorf("%s until %s: rendered as ignored: %v", tt.began, tt.until, n.URIs[0].Ignored)
		}
		if again := normal(n); len(again.Warnings) != len(n.Warnings) {
			t.Error("normal is not its own normal")
		}
	}
}

// An ignore that the run itself no longer honoured is still told of.
func TestIgnoreEndedInTheRun(t *testing.T) {
	r := sample()
	r.URIs[2].Ignored, r.URIs[2].IgnoreUntil = false, "2026-01-31"
	if o := Decide(r, FailOnLeak, nil); len(o.Warnings) != 1 || len(o.Failing) != 3 {
		t.Errorf("%+v", o)
	}
}

func TestIgnoredFailsNothing(t *testing.T) {
	r := sample()
	for i := range r.URIs {
		r.URIs[i].Ignored = true
	}
	for _, failOn := range []string{FailOnLeak, FailOnInconclusive} {
		if o := Decide(r, failOn, nil); len(o.Failing)+len(o.Inconclusive)+len(o.Errors) > 0 {
			t.Errorf("%s: %+v", failOn, o)
		}
	}
}

// A run that settled nothing is no pass, whatever the gate; one settled URI makes it one.
func TestNothingSettled(t *testing.T) {
	for _, failOn := range []string{"", FailOnLeak, FailOnRegression, FailOnInconclusive, FailOnNever} {
		r := sample()
		for i := range r.URIs {
			r.URIs[i].Verdict, r.URIs[i].OverBudget, r.URIs[i].Ignored = verdict.Inconclusive, false, i == 0
		}
		if o := Decide(r, failOn, nil); len(o.Inconclusive) != len(r.URIs)-1 || len(o.Failing) > 0 {
			t.Errorf("%s: %s", failOn, outcome(o))
		}
		r.URIs[3].OverBudget = true
		if o := Decide(r, failOn, nil); len(o.Failing) == 0 && failOn != FailOnNever {
			t.Errorf("%s, over budget: %s", failOn, outcome(o))
		}
		r.URIs[3].OverBudget, r.URIs[2].Verdict = false, verdict.Stable
		if o := Decide(r, failOn, nil); (len(o.Inconclusive) > 0) != (failOn == FailOnInconclusive) {
			t.Errorf("%s, one settled: %s", failOn, outcome(o))
		}
	}
}

func TestCheckFailOn(t *testing.T) {
	for _, ok := range []string{"leak", "inconclusive", "never"} {
		if err := CheckFailOn(ok, false); err != nil {
			t.Error(err)
		}
	}
	if err := CheckFailOn("regression", true); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"regression", "", "Leak", "\x1b"} {
		if err := CheckFailOn(bad, false); fault.KindOf(err) != fault.Usage || fault.HintOf(err) == "" {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
