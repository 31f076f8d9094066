package runtimes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/proc"
)

// StartTrace starts a flight recording, then keeps the histogram of now: what
// the recorder itself holds must stand in both. Without a recording the pass
// still tells which classes grow.
func (j *JVM) StartTrace(ctx context.Context) error {
	flight, err := j.record(ctx)
	j.unnamed, j.few = "", false
	if err != nil {
		j.unnamed = "classes only, no lines: " + err.Error()
	}
	base, err := j.histogram(ctx)
	if err != nil {
		if flight != nil {
			_, _ = flight.end(context.WithoutCancel(ctx))
		}
		return err
	}
	j.base, j.flight = base, flight
	return nil
}

// Remark says why the sites of the last pass have no lines; "" where they have.
func (j *JVM) Remark() string { return j.unnamed }

// StopTrace returns what is alive more than at StartTrace. How much of it, the
// class histograms say, exactly; which lines made it, a sample of what is alive
// says. It is taken where an allocation buffer ends, so that it may miss small
// objects altogether: a class without a known line has a Type only.
func (j *JVM) StopTrace(ctx context.Context) ([]Site, error) {
	base, flight := j.base, j.flight
	j.base, j.flight = nil, nil
	if base == nil {
		return nil, fault.Measuref("tracing is not on")
	}
	now, err := j.histogram(ctx) // collects, so that the recording holds what is alive
	samples := map[string][]liveSample{}
	if flight != nil {
		var lost error
		if samples, lost = flight.end(ctx); lost != nil {
			j.unnamed = "classes only, no lines: " + lost.Error()
		}
	}
	if err != nil {
		return nil, err
	}
	known := knownLines(samples)
	var sites []Site
	var most grown
	for name, c := range now {
		if b := c.bytes - base[name].bytes; b > 0 {
			of := split(name, max(0, c.objects-base[name].objects), b, samples[name], known)
			sites = append(sites, of...)
			if b > most.bytes || b == most.bytes && name < most.class {
				most = grown{name, b, samples[name], of[0].File != ""}
			}
		}
	}
	if flight != nil && j.unnamed == "" && most.class != "" && !most.named {
		j.unnamed, j.few = most.unsampled(smallBuffers(j.pid))
	}
	return sites, nil
}

// Few says that the last pass named no line of the class that grew most, for too few of
// its objects were sampled: more requests may.
func (j *JVM) Few() bool { return j.few }

// grown is a class, and what it grew by.
type grown struct {
	class   string
	bytes   float64
	samples []liveSample
	named   bool // it has a line
}

// unsampled says why a class has no line, and whether more requests may tell one.
// small says that the allocation buffers are, one object of each of which is sampled.
func (g grown) unsampled(small bool) (why string, few bool) {
	outside := slices.ContainsFunc(g.samples, func(s liveSample) bool { _, ok := s.site(); return ok })
	if n := len(g.samples); n >= leastSamples && !outside {
		return fmt.Sprintf("no line of %s: no line outside the JDK made any of the %d that were sampled", className(g.class), n), false
	}
	why = fmt.Sprintf("no line of %s: of those that stayed alive the flight recorder sampled %d, and %d of one line are needed",
		className(g.class), len(g.samples), leastSamples)
	if !small {
		why += "; it samples more with -XX:TLABSize=2k -XX:TLABRefillWasteFraction=4096, which leakhunt sets where it starts the JVM"
	}
	return why, true
}

// smallBuffers says whether a JVM was started with a size for its allocation buffers.
func smallBuffers(pid int) bool {
	argv, err1 := proc.Cmdline(pid)
	env, err2 := proc.Environ(pid)
	return err1 == nil && err2 == nil && smallBuffersOf(slices.Concat(argv, env)...)
}

func smallBuffersOf(options ...string) bool {
	return slices.ContainsFunc(options, func(s string) bool { return strings.Contains(s, "-XX:TLABSize=") })
}

// leastSamples is how many live objects of one line make it a site: one or two
// may be alive by accident, those of the last request for example.
const leastSamples = 3

// knownLines are those that made so many of the objects that are alive, of whatever
// class: a buffer comes with its cleaner.
func knownLines(samples map[string][]liveSample) map[string]bool {
	made := map[string]int{}
	for _, all := range samples {
		for _, s := range all {
			if site, ok := s.site(); ok {
				made[site.place()]++
			}
		}
	}
	known := map[string]bool{}
	for at, n := range made {
		known[at] = n >= leastSamples
	}
	return known
}

// place is the file and line of a site.
func (s Site) place() string { return fmt.Sprintf("%s:%d", s.File, s.Line) }

// split divides what a class grew by among the known lines of its samples. Where there
// is one for most objects, a sample stands for itself. Else it stands for as many bytes as
// were allocated since the one before: the span of an allocation buffer, or its own size
// where that is more.
func split(class string, objects, bytes float64, samples []liveSample, known map[string]bool) []Site {
	type part struct {
		site           Site
		objects, bytes float64
	}
	parts := map[string]*part{}
	var order []string
	var sum part
	least := float64(sampleSpan)
	if 2*float64(len(samples)) >= objects {
		least = 1
	}
	for _, s := range samples {
		site, ok := s.site()
		if !ok || !known[site.place()] {
			continue
		}
		key := site.place() + "\n" + strings.Join(site.Stack, "\n")
		p := parts[key]
		if p == nil {
			p = &part{site: site}
			parts[key] = p
			order = append(order, key)
		}
		span := max(s.elements, least)
		p.bytes += span
		p.objects += span / max(s.elements, 1)
	}
	for _, key := range order {
		sum.bytes += parts[key].bytes
		sum.objects += parts[key].objects
	}
	if len(order) == 0 {
		return []Site{{Type: className(class), Owner: classOwner(class), ObjectsPerRequest: objects, BytesPerRequest: bytes}}
	}
	var out []Site
	for _, key := range order {
		p := parts[key]
		p.site.Type = className(class)
		p.site.ObjectsPerRequest = objects * p.objects / sum.objects
		p.site.BytesPerRequest = bytes * p.bytes / sum.bytes
		out = append(out, p.site)
	}
	return out
}

// site is the innermost frame outside the JDK: the JDK's own line says nothing
// that the type does not. Without one there is no site.
func (s liveSample) site() (Site, bool) {
	i := slices.IndexFunc(s.frames, func(f frame) bool { return Owner(f.File) != OwnerRuntime })
	if i < 0 {
		return Site{}, false
	}
	return rawSite{frame: s.frames[i], Stack: s.frames[i:]}.site(), true
}

// className is a class as a person writes it: byte[] for [B.
func className(name string) string {
	element := strings.TrimLeft(name, "[")
	dims := strings.Repeat("[]", len(name)-len(element))
	if dims == "" {
		return name
	}
	if class, ok := strings.CutPrefix(element, "L"); ok {
		return strings.TrimSuffix(class, ";") + dims
	}
	primitives := map[string]string{
		"B": "byte", "C": "char", "D": "double", "F": "float", "I": "int", "J": "long", "S": "short", "Z": "boolean",
	}
	if p, ok := primitives[element]; ok {
		return p + dims
	}
	return name
}
