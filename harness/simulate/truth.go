package simulate

import (
	"fmt"
	"math"
	"strings"
)

// Truth is what a URI's requests do to memory in the long run.
type Truth struct {
	URI   int
	Name  string
	Leaks bool
	// Bytes and Objects are what a request leaks, on average: what stays reachable. Of
	// Bytes, Native are in no counter of the runtime, and Shared are kept whatever the
	// URI.
	Bytes, Objects, Native, Shared float64
	// Every is how many requests there are from one leak to the next: 1 for each.
	Every float64
	// Held is how much a request leaks of what a process holds beside memory.
	Held float64
	// Late is how many seconds after its request a leak comes.
	Late float64
	// Victim is by how many bytes a request grows the process, without end, only
	// because another URI leaks. It does not count as a leak of its own.
	Victim float64
	// Bounded is what it fills that has an end.
	Bounded Bound
	Why     string // the parts that say so, in the words of the text
}

// Bound is the largest thing with an end that a URI fills: so many entries or
// bytes, full after about so many of its requests, or given back after so many
// seconds.
type Bound struct {
	Entries, Bytes, Requests, Seconds float64
}

func (b *Bound) widen(o Bound) {
	b.Entries, b.Bytes = max(b.Entries, o.Entries), b.Bytes+o.Bytes
	b.Requests, b.Seconds = max(b.Requests, o.Requests), max(b.Seconds, o.Seconds)
}

// Truth is that of every URI, in the order of the header's items.
func (w *World) Truth() []Truth {
	s := &w.spec
	all := make([]Truth, len(s.routes))
	for i := range s.routes {
		r := &s.routes[i]
		t := &all[i]
		t.URI, t.Name, t.Every = i, r.name, math.Inf(1)
		for j := range s.shared {
			t.take(s, r, &s.shared[j], true)
		}
		for j := range r.parts {
			t.take(s, r, &r.parts[j], false)
		}
		if t.Leaks = t.Bytes > 0; !t.Leaks {
			t.Every = 0
		}
	}
	return all
}

func (t *Truth) take(s *spec, r *routeSpec, p *part, shared bool) {
	size := float64(p.size)
	why := true
	switch p.verb {
	case leak:
		why = t.leak(r, p, shared)
	case subscribe:
		t.grow(p, 1, size, float64(p.objects), 0)
	case publish:
		kept := size * float64(s.last)
		if r.subscribes() {
			t.grow(p, 1, kept, float64(p.objects*int64(s.last)), 0)
		} else {
			for i := range s.routes {
				if s.routes[i].subscribes() {
					t.Victim = kept
				}
			}
		}
		why = t.Victim > 0 || r.subscribes()
	default:
		why = t.bound(s, r, p)
	}
	if why {
		t.Why = strings.TrimPrefix(t.Why+", "+p.String(), ", ")
	}
}

func (r *routeSpec) subscribes() bool {
	for _, p := range r.parts {
		if p.verb == subscribe {
			return true
		}
	}
	return false
}

// grow adds what that share of the requests leaks.
func (t *Truth) grow(p *part, share, bytes, objects, native float64) {
	t.Bytes += share * bytes
	t.Objects += share * objects
	t.Native += share * native
	t.Every = min(t.Every, 1/share)
	t.Late = max(t.Late, float64(p.after)/1e6)
}

// leak says what a leak leaves, and whether that is anything.
func (t *Truth) leak(r *routeSpec, p *part, shared bool) bool {
	share := p.when.share()
	if p.failing {
		share *= r.fails.some()
	} else {
		share *= 1 - r.fails.some()
	}
	size, objects, native := float64(p.size), float64(p.objects), 0.0
	switch {
	case p.native:
		objects, native = 0, size
	case p.mapped:
		size, native = size+handle, size
	case p.goroutine:
		size += stack
	case p.holds == thread:
		size, native = size+stackOf, stackOf
	}
	keys := p.keys
	if shared && p.keyed && !r.keyed {
		keys = max(1, r.keys)
	}
	switch {
	case share == 0:
		return false
	case keys > 0:
		t.Bounded.widen(Bound{Entries: float64(keys), Bytes: float64(keys) * size, Requests: float64(keys)})
	case p.visitor && !r.visitors:
		t.Bounded.widen(Bound{Entries: 1, Bytes: size, Requests: 1})
	default:
		t.grow(p, share, size, objects, native)
		if p.holds > 0 {
			t.Held += share
		}
		if shared {
			t.Shared += share * size
		}
	}
	return true
}

// bound adds what has an end, and says whether there is any.
func (t *Truth) bound(s *spec, r *routeSpec, p *part) bool {
	n, size := float64(p.count), float64(p.size)
	latency := float64(r.latency)
	if latency == 0 {
		latency = float64(s.latency)
	}
	b := Bound{Bytes: n * size, Entries: n}
	switch p.verb {
	case cache:
		b.Requests = n
		if k := float64(p.keys); k > 0 && k < n {
			b = Bound{Bytes: k * size, Entries: k, Requests: k}
		}
		if k := float64(p.of); k > 0 { // coupon collector
			full := min(n, k)
			b = Bound{Bytes: full * size, Entries: full, Requests: k * math.Log((k+1)/(k+1-full))}
		}
		if p.stays > 0 {
			b.Seconds = float64(p.stays+p.sweep) / 1e6
			if each := float64(p.stays+p.sweep) / latency; each < b.Entries {
				b.Entries, b.Bytes = each, each*size
			}
		}
	case ring, batch:
		b.Requests, b.Seconds = n, float64(p.each)/1e6
	case pool:
		b.Requests = n / p.when.share()
	case hold:
		b.Seconds = float64(p.stays+p.sweep) / 1e6
		b.Entries = b.Seconds * 1e6 / latency * p.when.share()
		b.Bytes = b.Entries * size
	case warmup:
		b = Bound{Bytes: size, Requests: 5 * float64(p.over)}
	case step:
		b = Bound{Bytes: size, Requests: float64(p.at)}
	case remains, code:
		b = Bound{Bytes: size, Entries: 1, Requests: 1}
	case wave:
		b = Bound{Bytes: size, Requests: float64(p.over)}
	default:
		return false
	}
	t.Bounded.widen(b)
	return true
}

// share is that of the requests which do it; all where nothing is said.
func (r rate) share() float64 {
	if r == (rate{}) {
		return 1
	}
	return r.some()
}

// some is the share of the requests that are meant.
func (r rate) some() float64 {
	switch {
	case r.every > 0:
		return 1 / float64(r.every)
	case r.in > 0:
		return 1 / float64(r.in)
	case r.from > 0:
		return 1
	}
	return 0
}

// String is one line.
func (t Truth) String() string {
	switch {
	case t.Leaks:
		return fmt.Sprintf("%s leaks %.4g B a request (%s)", t.Name, t.Bytes, t.Why)
	case t.Victim > 0:
		return fmt.Sprintf("%s leaks nothing of its own, and grows by %.4g B a request while another leaks", t.Name, t.Victim)
	case t.Why != "":
		return fmt.Sprintf("%s leaks nothing (%s)", t.Name, t.Why)
	}
	return t.Name + " leaks nothing"
}
