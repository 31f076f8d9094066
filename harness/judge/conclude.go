package judge

import (
	"fmt"
	"slices"

	"leakhunt/harness/record"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// errorShare is the share of failed requests from which a URI's memory says
// nothing any more: 1 %, or limits.errors.
const errorShare = 0.01

// Finding is what the record says of one URI.
type Finding struct {
	URI int // index in Header.Items
	verdict.Judgement
	Evidence []string // what decided, best first
	Why      string   // sentences for a person
	Probes   []Probe
	Better   string // what evidence would tell more; "" where this does
	Naming   Naming
	// Floor is the growth, in bytes/request, that would have been found.
	Floor float64
	// Alone is whether it grows by itself on a fresh process: 1 if so, -1 if not, 0
	// where that was not tried or could not be told.
	Alone int
	// Segments are the series that the finding rests on, in order.
	Segments []*record.Series
	// memory is the verdict by memory alone, and memoryBy its evidence, where what the process
	// holds beside it convicts.
	memory verdict.Judgement
	// atEnd is what it is where the run ends, of a process that was left for another one. It
	// is nil where that is the same.
	atEnd    *Finding
	memoryBy []string
	beside   *int // the larger leak beside which RSS convicts it, and that a process of its own could not rule out
}

// Judge is the verdict on one URI by the best evidence there is, that of the
// present segment alone.
func (st *State) Judge(u *URI) (verdict.Judgement, []string) {
	t := u.byAll.of(st.version, func() told {
		j, evidence := st.judge(u)
		return told{j, evidence}
	})
	return t.Judgement, slices.Clip(t.evidence)
}

// told is a verdict and the evidence for it.
type told struct {
	verdict.Judgement
	evidence []string
}

func (st *State) judge(u *URI) (verdict.Judgement, []string) {
	if j, ok := st.failed(u); ok {
		return j, []string{"requests"}
	}
	if u.Requests() == 0 {
		if len(st.scan.of[u.Index]) > 0 {
			return st.scanned(u)
		}
		return st.warming(u)
	}
	return st.withHeld(u)
}

// byMemory is the verdict on what u does to memory.
func (st *State) byMemory(u *URI) (verdict.Judgement, []string) {
	if st.Counted() {
		j, evidence := st.settled(u)
		return st.unlessPending(u, j), evidence
	}
	j, evidence := st.withTouched(u, st.byRSS(u))
	j = st.postponed(u, j)
	return st.unlessPending(u, st.unlessIdle(u, st.unlessExpiredRSS(u, j))), evidence
}

// warming is what is to be said of a URI whose first judged request was never sent:
// by how much RSS rose while its warm-up ran, which ranks the suspects where the
// process died in it.
func (st *State) warming(u *URI) (verdict.Judgement, []string) {
	j := verdict.Judgement{Label: verdict.Inconclusive, Reason: "the run ended before this URI's first judged request"}
	var n int
	var rose float64
	for _, b := range u.Others {
		if b.Purpose == record.Warmup {
			n += b.N()
			rose += float64(b.Rise())
		}
	}
	if n == 0 {
		return j, []string{}
	}
	j.Growth = rose / float64(n)
	j.Low, j.High = min(0, j.Growth), max(0, j.Growth)
	j.Reason += fmt.Sprintf("; %s rose by %s per request while %s of its warm-up ran", metricName(st.Header.Plan.Metric), units.Bytes(j.Growth), units.Quantity(float64(n), "requests"))
	return j, []string{st.Header.Plan.Metric}
}

func metricName(metric string) string {
	if metric == "anon" {
		return "anonymous memory"
	}
	return "RSS"
}

// Confirmed is where the confirmation of a URI stands.
type Confirmed struct {
	RSS     verdict.Judgement // by RSS alone
	Verdict verdict.Judgement // with the touched set
	Follow  bool              // more requests would exclude leaks down to floorFollowed
}

// Confirmation is where the confirmation of u stands.
func (st *State) Confirmation(u *URI) Confirmed {
	follow := st.shows(st.trough(u.Joined(st.alone(u), st.page())))
	u.following = follow
	rss := st.confirmed(u)
	j, _ := st.withTouched(u, rss)
	u.following = false
	return Confirmed{rss, j, follow}
}

// failed is the verdict where the requests themselves do not work.
func (st *State) failed(u *URI) (verdict.Judgement, bool) {
	limit := errorShare
	if l := st.Header.Plan.Limits.Errors; l > 0 {
		limit = l
	}
	n, why := u.Requests()+u.Scanned(), ""
	switch {
	case u.Deaths >= record.Lethal:
		why = fmt.Sprintf("it killed the process %d times with its first requests, so no more were sent: %s", u.Deaths, u.First)
	case u.Broken:
		why = fmt.Sprintf("%d requests in a row failed, so no more were sent: %s", u.InARow, u.First)
	case u.Errors > 0 && float64(u.Errors) > limit*float64(n):
		why = fmt.Sprintf("%s of %s requests failed: %s", units.Count(u.Errors), units.Count(n), u.First)
	default:
		return verdict.Judgement{}, false
	}
	return verdict.Judgement{Label: verdict.Failed, Requests: n, Reason: why}, true
}

// leastFloor, in bytes/request, is the least growth that any evidence convicts.
const leastFloor = 16

// flat says that no growth goes on above a floor.
func flat(j verdict.Judgement) bool {
	return j.Label == verdict.Stable || j.Label == verdict.Bloat || j.Label == verdict.Warmup
}

// floor is the growth that would have been found. Where some was, it is what
// the scatter around it could have hidden, not what was found: a comparison of
// two runs must see a new leak above it.
func floor(j verdict.Judgement) float64 {
	if j.Label != verdict.Leak {
		return j.Detectable
	}
	return min(j.Detectable, max(leastFloor, j.High-j.Growth))
}

// Findings are those on all URIs, by index in Header.Items, and on EveryRequest where
// that keeps something.
func (st *State) Findings() map[int]Finding {
	out := st.findings()
	for i, f := range out {
		if st.Ended != nil && f.atEnd != nil {
			out[i] = *f.atEnd
		}
	}
	st.doubt(out)
	st.share(out)
	return out
}

// findings are those on all URIs, each with what every request keeps.
func (st *State) findings() map[int]Finding {
	out := make(map[int]Finding, len(st.Header.Items))
	for i, f := range st.Kept {
		out[i] = f
	}
	for _, u := range st.URIs {
		out[u.Index] = st.finding(u)
	}
	return out
}

// leaving are those on all URIs as a process is left for another one.
func (st *State) leaving() map[int]Finding {
	out := st.findings()
	st.ending, st.version = true, st.version+1
	defer func() { st.ending, st.version = false, st.version+1 }()
	for i, end := range st.findings() {
		if f := out[i]; f.Label != end.Label {
			f.atEnd = &end
			out[i] = f
		}
	}
	return out
}

func (st *State) finding(u *URI) Finding {
	j, evidence := st.Judge(u)
	f := Finding{
		URI: u.Index, Judgement: j, Evidence: evidence, Probes: []Probe{}, Floor: floor(j),
		Why: Sentence(j.Reason), Segments: []*record.Series{u.Series},
	}
	if j.Label != verdict.Failed && u.Requests() > 0 {
		f.Probes = st.probes(u)
	}
	if f.byHeld() && j.Label == verdict.Leak {
		f.memory, f.memoryBy = st.byMemory(u)
	}
	if j.More > 0 {
		f.Why += fmt.Sprintf(" About %s may settle it.", units.Quantity(float64(j.More), "more requests"))
	}
	if u.Later() && j.Label == verdict.Leak {
		f.Why += " It was measured with pauses behind its requests: what is kept may come late, or be freed late."
	}
	if !st.Counted() && st.Life() != nil && j.Label == verdict.Inconclusive {
		f.Better = st.Better()
	}
	f.Naming = st.naming(u, j)
	if u.among != nil {
		return u.among.then(st, u, f)
	}
	return f
}

// Better names the evidence that would tell more of this process than RSS
// alone, and how to come by it; "" where there is none.
func (st *State) Better() string {
	p := st.process()
	ours := p.Kind == "command"
	switch {
	case p.Runtime == "java":
		return "the class histogram of the JVM (runtime: {jvm: {}})"
	case p.Runtime == "go":
		return "its heap profile (serve net/http/pprof on the address that is measured)"
	case p.Runtime == "ruby" || p.Runtime == "node" || p.Runtime == "python":
		if ours && st.Header.Plan.Runtime == "none" {
			return "the agent (leave out runtime: none)"
		}
		agent := fmt.Sprintf("the agent (two lines: leakhunt agent %s)", p.Runtime)
		if p.Runtime == "node" && !ours {
			return "V8's inspector (runtime: {node: {}}, nothing is restarted) or " + agent
		}
		return agent
	case !st.Tight() && st.facts().Tightenable:
		return "a process that keeps little back (leakhunt doctor prints the settings)"
	}
	return ""
}

// Sentence makes a clause a sentence.
func Sentence(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	if r[0] >= 'a' && r[0] <= 'z' {
		r[0] -= 'a' - 'A'
	}
	return string(r) + "."
}
