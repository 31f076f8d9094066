package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/fault"
	"leakhunt/harness/record"
	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// The kinds of change, gravest first.
const (
	Regression = "regression" // it keeps more with every request, beyond both intervals and the floor
	Unclear    = "unclear"    // it may be worse: more requests would tell
	Failed     = "error"      // its requests failed in one of the runs
	Added      = "new"        // it is not in the base
	Removed    = "removed"    // it is not in the head
	Improved   = "improved"   // it keeps less, beyond both intervals and the floor
	Same       = "same"
)

// Comparison is what changed from one run to the next.
type Comparison struct {
	SchemaVersion int      `json:"schema_version"`
	Base          Run      `json:"base"`
	Head          Run      `json:"head"`
	Notes         []string `json:"notes"`   // differences that were allowed, ignores that end, and what else to know
	Changes       []Change `json:"changes"` // one for each URI of both runs, gravest first
}

// Run is one side of a comparison.
type Run struct {
	Scenario  string    `json:"scenario"`
	StartedAt time.Time `json:"started_at"`
	Version   string    `json:"leakhunt_version"`
	Complete  bool      `json:"complete"`
}

// Change is what became of one URI. Rates are in bytes per request.
type Change struct {
	Kind   string `json:"change"`
	Name   string `json:"name"`
	Method string `json:"method"`
	URI    string `json:"uri"`
	Base   *Side  `json:"base,omitempty"` // nil where Kind is Added
	Head   *Side  `json:"head,omitempty"` // nil where Kind is Removed
	// Difference is head less base. Low and High hold it where both intervals
	// hold their growth.
	Difference float64 `json:"difference_bytes_per_request"`
	Low        float64 `json:"difference_low"`
	High       float64 `json:"difference_high"`
	Floor      float64 `json:"floor_bytes_per_request"` // the larger of both
	Why        string  `json:"why"`
	// Ignored says that the head's scenario lets the URI fail nothing, and that
	// this had not ended when the head began.
	Ignored bool `json:"ignored"`
}

// Side is a URI in one of the runs.
type Side struct {
	Verdict verdict.Label `json:"verdict"`
	Growth  float64       `json:"growth_bytes_per_request"`
	Low     float64       `json:"growth_low"`
	High    float64       `json:"growth_high"`

	measured bool // else the numbers are nothing
}

// of is the change of a URI of the head; its zero value without one.
func (c *Comparison) of(u *result.URI) Change {
	if c != nil {
		for _, ch := range c.Changes {
			if ch.Head != nil && ch.Name == u.Name {
				return ch
			}
		}
	}
	return Change{}
}

// Compare compares two runs, URI by URI. URIs are the same where name, method
// and URI are. It returns a usage fault that names the differences where the
// runs are of other scenarios or environments, unless allow is set: then the
// differences are notes.
func Compare(base, head *result.Result, allow bool) (*Comparison, error) {
	c := &Comparison{SchemaVersion: result.SchemaVersion, Base: side(base), Head: side(head), Notes: []string{}, Changes: []Change{}}
	differences := incomparable(base, head)
	if len(differences) > 0 && !allow {
		return nil, fault.Usagef("the two runs cannot be compared: %s", clean(strings.Join(differences, "; "))).
			WithHint("Run both alike, or add --allow-different where the difference does not matter.")
	}
	c.Notes = append(c.Notes, differences...)
	c.Notes = append(c.Notes, remarks(base, head)...)
	old := map[string]*result.URI{}
	for i := range base.URIs {
		old[identity(&base.URIs[i])] = &base.URIs[i]
	}
	for i := range head.URIs {
		h := &head.URIs[i]
		b := old[identity(h)]
		delete(old, identity(h))
		ch := change(b, h)
		ch.Ignored = h.Ignored && !ended(h, head.StartedAt)
		c.Changes = append(c.Changes, ch)
	}
	for i := range base.URIs {
		if b := &base.URIs[i]; old[identity(b)] != nil {
			c.Changes = append(c.Changes, change(b, nil))
		}
	}
	order := []string{Regression, Unclear, Failed, Added, Removed, Improved, Same}
	slices.SortStableFunc(c.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(b.Difference, a.Difference))
	})
	return c, nil
}

func side(r *result.Result) Run {
	return Run{Scenario: r.Scenario.Name, StartedAt: r.StartedAt, Version: r.Tool.Version, Complete: r.Complete}
}

func identity(u *result.URI) string { return u.Name + "\x00" + u.Method + "\x00" + u.URI }

func change(b, h *result.URI) Change {
	if b == nil {
		c := Change{Kind: Added, Name: h.Name, Method: h.Method, URI: h.URI, Head: sideOf(h), Floor: h.Detectable}
		c.Why = fmt.Sprintf("%s is new: %s.", label(h), h.Verdict)
		if h.Verdict == verdict.Leak {
			c.Why = fmt.Sprintf("%s is new, and keeps %s with every request (%s).", label(h), units.Bytes(h.Growth), interval(h))
		}
		return c
	}
	c := Change{Kind: Removed, Name: b.Name, Method: b.Method, URI: b.URI, Base: sideOf(b), Floor: b.Detectable}
	if h == nil {
		c.Why = fmt.Sprintf("%s is no longer measured; it was %s.", label(b), b.Verdict)
		return c
	}
	c.Head = sideOf(h)
	c.Floor = max(b.Detectable, h.Detectable)
	if !Measured(b) || !Measured(h) {
		c.Kind = Unclear
		if b.Verdict == verdict.Failed || h.Verdict == verdict.Failed {
			c.Kind = Failed
		}
		c.Why = fmt.Sprintf("%s could not be compared: it was %s, and is %s.", label(h), b.Verdict, h.Verdict)
		return c
	}
	c.Difference, c.Low, c.High = h.Growth-b.Growth, h.GrowthLow-b.GrowthHigh, h.GrowthHigh-b.GrowthLow
	if counted(b) && counted(h) { // what neither counter holds is no difference between them
		c.Floor = max(liveFloor(b), liveFloor(h))
		c.Low, c.High = h.GrowthLow-liveHigh(b), liveHigh(h)-b.GrowthLow
	}
	c.Kind, c.Why = decide(b, h, c)
	return c
}

// counted says that a runtime's counter judged a URI: its growth is that of what is
// alive, and not that of RSS.
func counted(u *result.URI) bool {
	ofRuntime := slices.ContainsFunc(u.Probes, func(p result.Probe) bool { return !record.HeldUnit(p.Unit) })
	return u.Counted > 0 || u.Verdict == verdict.Leak && ofRuntime && !slices.Equal(u.Evidence, []string{"rss"})
}

// flat says that no growth of a URI goes on.
func flat(u *result.URI) bool {
	return u.Verdict == verdict.Stable || u.Verdict == verdict.Bloat || u.Verdict == verdict.Warmup
}

// liveFloor is the floor by the counter alone.
func liveFloor(u *result.URI) float64 {
	if u.Counted > 0 {
		return u.Counted
	}
	return u.Detectable
}

// liveHigh is the upper end of the growth by the counter alone.
func liveHigh(u *result.URI) float64 {
	if u.Counted > 0 {
		return min(u.GrowthHigh, max(u.Growth, u.Counted))
	}
	return u.GrowthHigh
}

// decide tells a regression from what only looks like one. The growth must
// differ beyond both intervals and beyond what either run could detect; a
// ratio says nothing where the base is near zero. And it must be growth that
// goes on: warming up longer than the base did is no regression, and where the
// head is inconclusive, so is the comparison.
func decide(b, h *result.URI, c Change) (kind, why string) {
	worse := c.Low > 0 && c.Difference > c.Floor
	now := fmt.Sprintf("%s against %s before", units.Rate(h.Growth), units.Bytes(b.Growth))
	switch {
	case worse && h.Verdict == verdict.Leak:
		return Regression, fmt.Sprintf("%s keeps %s more with every request than before (%s).", label(h),
			units.Bytes(c.Difference), between(c.Low, c.High))
	case flat(b) && byHeld(h) != nil:
		p := byHeld(h)
		return Regression, fmt.Sprintf("%s keeps %s more with every request than before (%s … %s).", label(h),
			units.Quantity(p.Growth, p.Unit), units.Number(p.Low), units.Number(p.High))
	case worse && h.Verdict == verdict.Inconclusive:
		return Unclear, fmt.Sprintf("%s grows more (%s), but this run cannot tell whether that goes on.", label(h), now)
	case h.Verdict == verdict.Leak && b.Verdict != verdict.Leak:
		return Unclear, fmt.Sprintf("%s is a leak now, and was %s: the difference is within the intervals or the floor (%s).", label(h), b.Verdict, now)
	case c.High < 0 && -c.Difference > c.Floor && b.Verdict == verdict.Leak:
		return Improved, fmt.Sprintf("%s keeps %s less with every request than before (%s).", label(h),
			units.Bytes(-c.Difference), between(-c.High, -c.Low))
	}
	return Same, fmt.Sprintf("%s: no difference above %s.", label(h), units.Rate(max(c.Floor, c.High)))
}

func sideOf(u *result.URI) *Side {
	return &Side{Verdict: u.Verdict, Growth: u.Growth, Low: u.GrowthLow, High: u.GrowthHigh, measured: Measured(u)}
}

// incomparable names what makes growth differ that is not the application.
func incomparable(base, head *result.Result) []string {
	var out []string
	for _, d := range []struct{ what, base, head string }{
		{"scenario", base.Scenario.Name, head.Scenario.Name},
		{"operating system", base.Environment.OS, head.Environment.OS},
		{"kernel", minor(base.Environment.Kernel), minor(head.Environment.Kernel)},
		{"processors", fmt.Sprint(base.Environment.CPUs), fmt.Sprint(head.Environment.CPUs)},
		{"allocator", base.Environment.Allocator, head.Environment.Allocator},
		{"page size", fmt.Sprint(base.Environment.PageBytes), fmt.Sprint(head.Environment.PageBytes)},
		{"target", base.Target.Kind, head.Target.Kind},
		{"application", base.Target.App, head.Target.App},
		{"server", base.Target.Server, head.Target.Server},
		{"runtime", base.Target.Runtime, head.Target.Runtime},
		{"settings", strings.Join(base.Target.Settings, " "), strings.Join(head.Target.Settings, " ")},
	} {
		if d.base != d.head {
			out = append(out, fmt.Sprintf("the %s was %q, and is %q", d.what, d.base, d.head))
		}
	}
	return out
}

// minor is the kernel's version up to its second number: how RSS is counted
// changed between such versions (6.2), and not in the updates of one.
func minor(release string) string {
	parts := strings.SplitN(release, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// remarks are what a reader should know of two runs that can be compared.
func remarks(base, head *result.Result) []string {
	var out []string
	if base.Scenario.SHA256 != head.Scenario.SHA256 && base.Scenario.Name == head.Scenario.Name {
		out = append(out, "the scenario file changed between the runs: URIs are compared where name, method and URI are the same")
	}
	if !base.Complete {
		out = append(out, "the base run ended early")
	}
	if !head.Complete {
		out = append(out, "the head run ended early")
	}
	return out
}
