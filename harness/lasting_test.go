package harness

import (
	"strings"
	"testing"
	"time"

	"leakhunt/harness/verdict"
)

// What is only kept for a while grows like a leak through thousands of quick
// requests; RSS does not fall when it goes, and what comes next takes its room.
func TestWhatExpiresIsNoLeakByRSS(t *testing.T) {
	for name, want := range map[string]verdict.Label{"/held": verdict.Inconclusive, "/kept": verdict.Leak} {
		t.Run(name[1:], func(t *testing.T) {
			t.Parallel()
			var held, free float64
			f := newFake(t, func(f *fake, path string, n int) int {
				switch {
				case path != name:
					return shop(f, path, n)
				case free >= 4096:
					free -= 4096
				default:
					f.rss += 4096
				}
				held += 4096
				return 200
			})
			f.rss = 4 << 20 // little may be in reserve: a few thousand requests convict
			waits := 0
			o := f.options()
			o.Outlast = 3 * time.Second // no confirmation of the fake takes twice as long
			o.Observer = whenQuiet{do: func() {
				f.mu.Lock()
				defer f.mu.Unlock()
				if waits++; name == "/held" {
					held, free = 0, held
				}
			}}
			r := mustRun(t, f, scenario(auto, "/", name), o)
			u := byName(t, r, name)
			if u.Verdict != want || waits == 0 {
				t.Errorf("%s after %d waits at %.0f B per request (%s)", u.Verdict, waits, u.Growth, u.Why)
			}
			if want != verdict.Leak && (u.Detectable < 4096 || !strings.Contains(u.Why, "after a wait of 3s")) {
				t.Errorf("floor %.0f: %s", u.Detectable, u.Why)
			}
		})
	}
}
