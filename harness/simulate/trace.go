package simulate

import (
	"cmp"
	"math"
	"slices"

	"leakhunt/harness/record"
)

// name is the pass that names lines: the requests are sent, and each part that
// left something is a site of a file that the application might have.
func (w *World) name(a record.Name, emit func(record.Event)) {
	p := w.p
	u := &p.routes[a.URI]
	e := record.Traced{URI: a.URI, Control: a.Control}
	began, before, peak := p.now, p.rss(), p.rss()
	done := func() {
		w.now, w.reading = p.now, nil
		e.T = w.time()
		e.Cost.Seconds, e.Cost.PeakExtra = p.now-began, peak-before
		emit(e)
	}
	if w.spec.counter == "" {
		e.Failed = "there is no runtime counter that could name lines"
		done()
		return
	}
	made := u.levels(p)
	for range max(0, a.Requests) + max(0, a.Callers) {
		if l := w.limited(p.rss(), w.time()); l != nil {
			e.Failed = l.Reason
			done()
			if l.Limit == "time" {
				emit(*l)
			}
			return
		}
		end := p.request(u)
		e.Cost.Requests++
		peak = max(peak, p.rss())
		switch end {
		case killed:
			w.now, w.reading = p.now, nil
			w.lose(emit, p.obituary(a.URI))
			return
		case failed:
			e.Failed = "a request failed: status 500"
			done()
			return
		}
	}
	p.wait(4 * w.settling)
	p.heap.settle(p)
	e.Sites, e.Explained = w.sites(a, u, made)
	done()
}

// levels is how many entries each part holds: those of the URI, then those of all.
func (u *route) levels(p *process) (n []int64) {
	for i := range u.parts {
		n = append(n, u.parts[i].n)
	}
	for i := range p.shared {
		n = append(n, p.shared[i].n)
	}
	return n
}

// sites are what grew since, per request, and the share of the growth that they
// explain.
func (w *World) sites(a record.Name, u *route, before []int64) (sites []record.Site, explained float64) {
	p := w.p
	n := float64(max(1, a.Requests+a.Callers))
	sum := 0.0
	for i, now := range u.levels(p) {
		s, owner, line := &state{}, "app", 0
		if i < len(u.parts) {
			s, line = &u.parts[i], 100*(a.URI+1)+i
		} else {
			s, owner, line = &p.shared[i-len(u.parts)], "library", 10+i-len(u.parts)
		}
		grew := float64(now-before[i]) / n
		if grew <= 0 || s.native {
			continue
		}
		size := s.size
		if s.mapped {
			size = handle * s.objects
		}
		site := record.Site{
			File: owner + endings[w.spec.runtime], Line: line, Function: verbs[s.verb], Owner: owner,
			ObjectsPerRequest: grew * float64(s.objects), BytesPerRequest: grew * float64(size),
		}
		for _, c := range a.Against {
			if c.File == site.File && c.Line == site.Line {
				site.ObjectsPerRequest -= c.ObjectsPerRequest
				site.BytesPerRequest -= c.BytesPerRequest
			}
		}
		if site.BytesPerRequest <= 0 {
			continue
		}
		if a.Retainers {
			site.RetainedBy = []string{"KEPT"}
		}
		sum += site.BytesPerRequest
		sites = append(sites, site)
	}
	slices.SortStableFunc(sites, func(a, b record.Site) int { return cmp.Compare(b.BytesPerRequest, a.BytesPerRequest) })
	if growth := a.Growth - a.Native; growth > 0 {
		explained = math.Min(sum/growth, 9)
	}
	return sites, explained
}

var endings = map[string]string{"ruby": ".rb", "python": ".py", "node": ".js", "go": ".go", "java": ".java", "php": ".php"}
