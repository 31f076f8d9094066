package harness

import "time"

// Progress is where a run stands.
type Progress struct {
	Phase    string // "warming up", "round 3", "confirming"
	URI      string // its name
	RSS      int64  // bytes
	Sent     int    // requests sent so far
	Expected int    // requests expected in all, as far as is known now
	Elapsed  time.Duration
	Left     time.Duration // at the speed so far; 0 where unknown
}

// Observer watches a run. Its methods are called from the run's goroutine,
// and must be quick.
type Observer interface {
	Progress(Progress)
	// Note is something worth a line of its own.
	Note(text string)
	// Standing is the ranking as it would be if the run ended now.
	Standing([]URIResult)
}

// Silent observes nothing.
type Silent struct{}

// Progress does nothing.
func (Silent) Progress(Progress) {}

// Note does nothing.
func (Silent) Note(string) {}

// Standing does nothing.
func (Silent) Standing([]URIResult) {}

type progress struct {
	part     string // what of the run the phase belongs to
	phase    string
	rss      int64
	expected int
	later    int // requests that come after those
	next     time.Time
	first    time.Time // when telling began
	sent     int       // requests that had been sent by then
}

// Progress is told at most so often, so that telling costs nothing.
const tickEvery = 100 * time.Millisecond

func (s *session) tick(t *track, rss int64) {
	s.progress.rss = rss
	s.peak = max(s.peak, rss)
	now := time.Now()
	if now.Before(s.progress.next) {
		return
	}
	s.progress.next = now.Add(tickEvery)
	if s.progress.first.IsZero() {
		s.progress.first, s.progress.sent = now, s.total
	}
	p := Progress{
		Phase: s.progress.part + s.progress.phase, URI: t.Name, RSS: rss, Sent: s.total,
		Expected: max(s.total, s.progress.expected) + s.progress.later, Elapsed: now.Sub(s.began),
	}
	p.Left = left(now.Sub(s.progress.first), s.total-s.progress.sent, p.Expected-s.total)
	s.observer.Progress(p)
}

// A guess from less time or fewer requests than these is no better than none:
// the first requests load, compile and connect.
const (
	guessAfter    = 3 * time.Second
	guessRequests = 10
)

// left is how long the requests still expected take at the speed of those
// sent in elapsed; 0 before that means anything.
func left(elapsed time.Duration, sent, expected int) time.Duration {
	if elapsed < guessAfter || sent < guessRequests {
		return 0
	}
	return time.Duration(float64(elapsed) / float64(sent) * float64(expected))
}
