package runtimes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

	"leakhunt/harness/bounded"
	"leakhunt/harness/fault"
)

// StartTrace keeps the heap profile of now. A heap profile is always on in Go:
// nothing changes in the process.
func (p *Pprof) StartTrace(ctx context.Context) error {
	base, err := p.profile(ctx)
	if err != nil {
		return err
	}
	p.base, p.remark = base, ""
	return nil
}

// StopTrace returns what the heap holds more than at StartTrace, by stack. The
// profile samples one allocation in runtime.MemProfileRate bytes (512 KiB
// unless set), and counts are scaled up from that: where growth is below what
// it can see, the error says how to set the rate.
func (p *Pprof) StopTrace(ctx context.Context) ([]Site, error) {
	base := p.base
	p.base = nil
	if base == nil {
		return nil, fault.Measuref("tracing is not on")
	}
	now, err := p.profile(ctx)
	if err != nil {
		return nil, err
	}
	sites, err := diffProfiles(base, now)
	if err != nil {
		return nil, err
	}
	if len(sites) == 0 && now.Period > 4096 {
		return nil, fault.Measuref("the heap profile shows no growth: it samples one allocation in %d bytes", now.Period).
			WithHint("Start the process with GODEBUG=memprofilerate=4096 (or runtime.MemProfileRate = 4096 first in main) to see smaller growth.")
	}
	var grown float64
	for _, s := range sites {
		grown += s.BytesPerRequest
	}
	if n := grown / float64(max(1, now.Period)); n < enoughSamples {
		p.remark = fmt.Sprintf("about %.0f samples of one allocation in %d bytes each: GODEBUG=memprofilerate=1024 sees more", n, now.Period)
	}
	return sites, nil
}

// enoughSamples is from how many samples on a site's bytes are right within
// about a quarter: samples are independent, their number is off by its root.
const enoughSamples = 20

// Remark says that the last profile rests on few samples; "" where it does not.
func (p *Pprof) Remark() string { return p.remark }

func (p *Pprof) profile(ctx context.Context) (*profile.Profile, error) {
	var raw []byte
	for range 2 {
		var err error
		if raw, err = p.fetch.page(ctx, p.heap+"?gc=1", maxProfile, "the heap profile"); err != nil {
			return nil, fault.Measuref("the heap profile could not be read").Because(err)
		}
	}
	return parseProfile(raw)
}

// maxProfile bounds a profile, decompressed, in bytes: 20,000 stacks take less, and a
// profile takes three times as much in memory.
const maxProfile = 5 << 20

func parseProfile(raw []byte) (*profile.Profile, error) {
	plain, err := bounded.Unzip(raw, maxProfile, "the heap profile")
	if err != nil {
		return nil, fault.Measuref("the heap profile could not be unpacked").Because(err)
	}
	prof, err := profile.ParseData(plain)
	if err != nil {
		return nil, fault.Measuref("the heap profile is not in pprof's format").Because(err)
	}
	return prof, nil
}

// diffProfiles subtracts the in-use objects and bytes of base from those of
// now, stack by stack, and keeps what grew.
func diffProfiles(base, now *profile.Profile) ([]Site, error) {
	type grown struct {
		site           Site
		objects, bytes int64
	}
	stacks := map[string]*grown{}
	for _, part := range []struct {
		prof *profile.Profile
		sign int64
	}{{base, -1}, {now, 1}} {
		objects, bytes := valueIndex(part.prof, "inuse_objects"), valueIndex(part.prof, "inuse_space")
		if objects < 0 || bytes < 0 {
			return nil, fault.Measuref("the profile has no inuse_objects and inuse_space: it is no heap profile")
		}
		for _, s := range part.prof.Sample {
			site := profileSite(s)
			key := strings.Join(site.Stack, "\n")
			g := stacks[key]
			if g == nil {
				g = &grown{site: site}
				stacks[key] = g
			}
			g.objects += part.sign * s.Value[objects]
			g.bytes += part.sign * s.Value[bytes]
		}
	}
	var sites []Site
	for _, g := range stacks {
		if g.bytes <= 0 || strings.Contains(strings.Join(g.site.Stack, "\n"), " net/http/pprof.") {
			continue
		}
		g.site.ObjectsPerRequest, g.site.BytesPerRequest = float64(max(0, g.objects)), float64(g.bytes)
		sites = append(sites, g.site)
	}
	return sites, nil
}

func valueIndex(p *profile.Profile, name string) int {
	return slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == name })
}

// profileSite is the innermost frame outside the allocator.
func profileSite(s *profile.Sample) Site {
	var frames []frame
	for _, loc := range s.Location {
		for _, l := range loc.Line { // innermost inlined call first
			if l.Function == nil || len(frames) == 0 && strings.HasPrefix(l.Function.Name, "runtime.") {
				continue
			}
			frames = append(frames, frame{File: l.Function.Filename, Line: int(l.Line), Function: l.Function.Name})
		}
	}
	if len(frames) == 0 {
		return rawSite{}.site()
	}
	return rawSite{frame: frames[0], Stack: frames}.site()
}
