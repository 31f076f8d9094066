package runtimes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"leakhunt/harness/fault"
)

// StartTrace starts a flight recording, then keeps the histogram of now: what
// the recorder itself holds must stand in both. Without a recording the pass
// still tells which classes grow.
func (j *JVM) StartTrace(ctx context.Context) error {
	flight, err := j.record(ctx)
	j.unnamed = ""
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
// objects altogether: a class with too few samples has a Type only.
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
	var sites []Site
	for name, c := range now {
		if b := c.bytes - base[name].bytes; b > 0 {
			sites = append(sites, split(name, max(0, c.objects-base[name].objects), b, samples[name])...)
		}
	}
	return sites, nil
}

// leastSamples is how many live objects of one stack make it a site: one or two
// may be alive by accident, those of the last request for example.
const leastSamples = 3

// split divides what a class grew by among the lines of its samples. A sample
// stands for as many bytes as were allocated since the one before: the span of
// an allocation buffer, or its own size where that is more.
func split(class string, objects, bytes float64, samples []liveSample) []Site {
	type part struct {
		site           Site
		objects, bytes float64
		samples        int
	}
	parts := map[string]*part{}
	var order []string
	var sum part
	for _, s := range samples {
		site, ok := s.site()
		if !ok {
			continue
		}
		key := fmt.Sprintf("%s:%d\n%s", site.File, site.Line, strings.Join(site.Stack, "\n"))
		p := parts[key]
		if p == nil {
			p = &part{site: site}
			parts[key] = p
			order = append(order, key)
		}
		span := max(s.elements, sampleSpan)
		p.bytes += span
		p.objects += span / max(s.elements, 1)
		p.samples++
	}
	order = slices.DeleteFunc(order, func(key string) bool { return parts[key].samples < leastSamples })
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
