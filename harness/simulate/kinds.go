package simulate

import "slices"

// kind is a kind of world, and how often one is drawn among all.
type kind struct {
	name   string
	weight int
	make   func(d draw) spec
}

// usualLeaks is how many URIs of an ordinary world leak: about one in four.
const usualLeaks = 0.24

// fewLeaks is for worlds with a URI that is of special interest.
const fewLeaks = 0.15

// Worlds are the kinds of worlds.
func Worlds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// draws is the name of a kind, by its weight.
func draws(d draw) string {
	sum := 0
	for _, k := range kinds {
		sum += k.weight
	}
	at := d.IntN(sum)
	for _, k := range kinds {
		if at -= k.weight; at < 0 {
			return k.name
		}
	}
	return ""
}

// kinds are all kinds.
var kinds = slices.Concat(ordinaryKinds, boundedKinds, leakKinds, faultKinds, heldKinds)

// ordinaryKinds have nothing special in them.
var ordinaryKinds = []kind{
	{"counter/ruby", 5, ordinary(counted, "ruby")},
	{"counter/python", 5, ordinary(counted, "python")},
	{"counter/node", 5, ordinary(counted, "node")},
	{"counter/go", 5, ordinary(counted, "go")},
	{"counter/java", 5, ordinary(counted, "java")},
	{"rss/ruby", 2, ordinary(resident, "ruby")},
	{"rss/python", 2, ordinary(resident, "python")},
	{"rss/node", 2, ordinary(resident, "node")},
	{"rss/go", 2, ordinary(resident, "go")},
	{"rss/java", 2, ordinary(resident, "java")},
	{"rss/php", 2, ordinary(resident, "php")},
	{"rss/tight/ruby", 3, ordinary(tightly, "ruby")},
	{"rss/tight/python", 3, ordinary(tightly, "python")},
	{"rss/tight/node", 3, ordinary(tightly, "node")},
	{"rss/tight/go", 3, ordinary(tightly, "go")},
	{"rss/tight/java", 3, ordinary(tightly, "java")},
	{"one-uri", 2, func(d draw) spec {
		m := anyway(d)
		m.uri(m.harmless()...)
		if m.yes(usualLeaks) {
			m.routes[0].parts = append(m.routes[0].parts, m.leaking(512, 64e3))
		}
		return m.spec
	}},
}

// ordinary is a world with nothing special in it.
func ordinary(of func(draw, ...string) *maker, runtime string) func(draw) spec {
	return func(d draw) spec { return of(d, runtime).neighbours(usualLeaks).spec }
}

// special is a world of any runtime with something special.
func special(add func(m *maker), of ...string) func(draw) spec {
	return func(d draw) spec {
		m := anyway(d, of...)
		add(m)
		return m.neighbours(fewLeaks).spec
	}
}
