package simulate

import (
	"fmt"
	"strings"
)

// String is the world as text, which Parse reads.
func (w *World) String() string {
	s := &w.spec
	var b strings.Builder
	line := func(words ...string) { b.WriteString(strings.TrimSpace(strings.Join(words, " ")) + "\n") }
	if s.kind != "" {
		line("world", s.kind)
	}
	line("seed", fmt.Sprint(s.seed))
	line(s.runtimeLine()...)
	if s.target != "command" {
		line("target", s.target)
	}
	for _, l := range [][]string{s.memoryLine(), s.planLine(), s.limitsLine()} {
		if len(l) > 1 {
			line(l...)
		}
	}
	line("latency", spanText(s.latency))
	if s.last > 0 {
		line("subscribers", fmt.Sprint(s.last))
	}
	if s.most > 0 {
		line("descriptors", fmt.Sprint(s.most))
	}
	for i := range s.routes {
		line("uri", s.routes[i].name, strings.Join(s.routes[i].clauses(), ", "))
	}
	for _, p := range s.shared {
		line("shared", p.String())
	}
	for _, p := range s.background {
		each := p.each
		p.each = 0
		line("background each", spanText(each), p.String())
	}
	for _, f := range s.faults {
		line("fault", f.String())
	}
	return b.String()
}

func (s *spec) runtimeLine() []string {
	l := []string{"runtime", s.runtime}
	for word, name := range counterNames {
		if name == s.counter {
			l = append(l, word)
		}
	}
	for _, set := range []struct {
		word string
		on   bool
	}{{"tight", s.tight}, {"jemalloc", s.jemalloc}, {"late", s.late}} {
		if set.on {
			l = append(l, set.word)
		}
	}
	if s.gogc != 0 {
		l = append(l, "gogc", fmt.Sprint(s.gogc))
	}
	return l
}

func (s *spec) memoryLine() []string {
	l := []string{"memory"}
	if s.fresh > 0 {
		l = append(l, "fresh", sizeText(s.fresh))
	}
	if s.files > 0 {
		l = append(l, "files", sizeText(s.files))
	}
	if s.objects > 0 {
		l = append(l, "objects", fmt.Sprint(s.objects))
	}
	if s.holes >= 0 {
		l = append(l, "holes", fmt.Sprintf("%d%%", s.holes))
	}
	if s.scatter >= 0 {
		l = append(l, "scatter", fmt.Sprintf("%d%%", s.scatter))
	}
	return l
}

func (s *spec) planLine() []string {
	l := []string{"plan"}
	if s.rounds != 5 {
		l = append(l, "rounds", fmt.Sprint(s.rounds))
	}
	if s.requests > 0 {
		l = append(l, "requests", fmt.Sprint(s.requests))
	}
	if s.restarts > 0 {
		l = append(l, "restarts", fmt.Sprint(s.restarts))
	}
	if s.metric != "rss" {
		l = append(l, "metric", s.metric)
	}
	if s.strategy != "" {
		l = append(l, "strategy", s.strategy)
	}
	if s.isolate {
		l = append(l, "isolate", "yes")
	}
	return l
}

func (s *spec) limitsLine() []string {
	l := []string{"limits"}
	if s.limitRSS > 0 {
		l = append(l, "rss", sizeText(s.limitRSS))
	}
	if s.limit != 900e6 {
		l = append(l, "time", spanText(s.limit))
	}
	return l
}

// clauses are what a URI's line says of it.
func (r *routeSpec) clauses() (c []string) {
	add := func(is bool, format string, args ...any) {
		if is {
			c = append(c, fmt.Sprintf(format, args...))
		}
	}
	add(r.latency > 0, "latency %s", spanText(r.latency))
	add(r.visitors, "visitors")
	add(r.keyed, "keyed")
	add(r.keys > 0, "keys %d", r.keys)
	add(r.requests > 0, "requests %d", r.requests)
	add(r.answers > 0, "answers %s", sizeText(r.answers))
	add(r.line >= 0, "line %s", sizeText(r.line))
	add(r.fails != rate{}, "fails %s", r.fails)
	add(r.kills != rate{}, "kills %s", r.kills)
	for _, p := range r.parts {
		c = append(c, p.String())
	}
	return c
}

// String is the rate as it is read.
func (r rate) String() string {
	switch {
	case r.every > 0:
		return fmt.Sprintf("every %d", r.every)
	case r.in > 0:
		return fmt.Sprintf("1 in %d", r.in)
	}
	return fmt.Sprintf("from %d", r.from)
}

// String is the fault as it is read.
func (f fault) String() string {
	s := troubles[f.trouble]
	switch f.trouble {
	case clock:
		s += " " + spanText(f.by)
	case falls, lies:
		s += fmt.Sprintf(" by %d%%", f.by)
	}
	if f.at > 0 {
		s += fmt.Sprintf(" after %d", f.at)
	}
	if f.in > 0 {
		s += fmt.Sprintf(" 1 in %d", f.in)
	}
	if f.over > 0 {
		s += " over " + sizeText(f.over)
	}
	if f.once {
		s += " once"
	}
	return s
}
