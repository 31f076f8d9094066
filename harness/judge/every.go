package judge

import (
	"fmt"
	"slices"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// Witnesses are two of the URIs that are convicted of what every request keeps, each
// to be tried by itself: one URI's leak may be what makes all others grow.
func (st *State) Witnesses(all map[int]Finding) []int {
	if f, ok := all[EveryRequest]; !ok || f.Label != verdict.Leak {
		return nil
	}
	return st.shared.witnesses()
}

// witnesses are the URI that stands for all and the next one.
func (s *shared) witnesses() []int {
	out := []int{s.lead}
	for _, i := range s.covered {
		if i != s.lead && len(out) < 2 {
			out = append(out, i)
		}
	}
	return out
}

// share lays on a row of its own what every request keeps: f are the findings without
// that. By itself on a fresh process each of them grows, too, as far as that was tried.
func (st *State) share(f map[int]Finding) {
	s := st.shared
	if s == nil || slices.ContainsFunc(s.witnesses(), func(i int) bool { return f[i].Alone < 0 }) {
		return
	}
	lead, name := f[s.lead], st.Header.Items[s.lead].Name
	grows := lead.Label == verdict.Leak || lead.Label == verdict.Inconclusive && lead.Low > 0
	c := st.Lives[0].Columns[s.column]
	keeps, bytes := amount(s.growth[s.column], c.Unit), 0.0
	if c.Held {
		grows = lead.Label == verdict.Leak
	} else {
		bytes = s.growth[s.column]
		if grows { // it was followed meanwhile, and tells better than the sweep did
			bytes = max(bytes, lead.Growth)
		}
		keeps = units.Bytes(bytes)
	}
	for i, u := range f {
		if u.Label != verdict.Leak && u.Label != verdict.Inconclusive {
			continue
		}
		covered := slices.Contains(s.covered, i) || grows && !c.Held && u.Label == verdict.Leak && u.Low <= (1+besides)*bytes
		switch {
		case covered && c.Held && !st.Counted(): // of its memory RSS tells, as far as it does
			if u.URI == s.lead && grows {
				u.Judgement, u.Evidence = u.memory, u.memoryBy
				u.Why, u.Floor, u.Probes = Sentence(u.Reason), floor(u.Judgement), []Probe{}
				f[i] = u
			}
		case covered && (grows || i != s.lead):
			f[i] = s.without(u, bytes, keeps, grows, name)
		case grows && bytes > 0 && u.Low > bytes:
			u.Growth, u.Low, u.High = u.Growth-bytes, u.Low-bytes, u.High-bytes
			u.Why += fmt.Sprintf(" That is beyond the %s that every request keeps.", keeps)
			f[i] = u
		}
	}
	if grows {
		lead.URI = EveryRequest
		lead.Why = fmt.Sprintf("Every request keeps about %s, whatever its URI: %d of %d URIs grow alike. %s stands for all: %s",
			keeps, s.members, len(st.Header.Items), name, lead.Why)
		f[EveryRequest] = lead
	}
}

// without is the finding on a URI that grows by what is shared: what is left of it.
func (s *shared) without(f Finding, bytes float64, keeps string, grows bool, lead string) Finding {
	floor := max(leastFloor, f.High-s.low, besides*bytes)
	if bytes == 0 { // what is shared is no memory
		floor = max(leastFloor, f.Detectable)
	}
	f.Judgement = verdict.Judgement{
		Label: verdict.Stable, Requests: f.Requests, Growth: f.Growth - bytes, Low: f.Low - bytes, High: f.High - bytes,
		Detectable: floor,
		Reason:     fmt.Sprintf("keeps what every request keeps, %s", keeps),
	}
	if !grows {
		f.Label, f.Reason = verdict.Warmup, fmt.Sprintf("grew by what every request added, %s, until that ended: see %s", keeps, lead)
	}
	f.Reason += fmt.Sprintf("; beyond that no growth above %s per request", units.Bytes(f.Detectable))
	f.Counted, f.Floor = f.Detectable, f.Detectable
	f.Why, f.Probes, f.Naming = Sentence(f.Reason), []Probe{}, Naming{}
	return f
}
