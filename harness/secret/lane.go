package secret

import "slices"

// piece is a decoded byte, and where in the text it comes from begins and ends.
type piece struct {
	b        byte
	from, to int64
}

// stage undoes one encoding as the bytes come.
type stage struct {
	*escape
	held []piece // an escape that may go on
	raw  []byte  // its bytes
}

// feed decodes p, and gives what is whole to out.
func (s *stage) feed(p piece, out func(piece)) {
	if len(s.held) == 0 && p.b != s.begin {
		s.pass(p, out)
		return
	}
	s.held, s.raw = append(s.held, p), append(s.raw, p.b)
	s.drain(false, out)
}

func (s *stage) drain(last bool, out func(piece)) {
	for len(s.held) > 0 {
		if s.raw[0] != s.begin {
			s.pass(s.held[0], out)
			s.cut(1)
			continue
		}
		value, size, more := s.read(s.raw, last)
		if more {
			return
		}
		if size == 0 {
			out(s.held[0])
			s.cut(1)
			continue
		}
		from, to := s.held[0].from, s.held[size-1].to
		s.cut(size)
		for _, b := range value {
			out(piece{b, from, to})
		}
	}
}

func (s *stage) pass(p piece, out func(piece)) {
	if s.plus && p.b == '+' {
		p.b = ' '
	}
	out(p)
}

func (s *stage) cut(n int) {
	s.held, s.raw = slices.Delete(s.held, 0, n), slices.Delete(s.raw, 0, n)
}

// run is how much of a pattern has been seen.
type run struct {
	*pattern
	seen int
}

// lane looks for patterns in the text as one sequence of decoders leaves it.
type lane struct {
	stages []stage
	fold   func(byte) byte // of each decoded byte; nil: none
	starts *starts
	found  func(from, to int64)

	base *lane // the lane without decoders; this one is idle while it sees the same
	idle bool

	runs   []run
	n      int     // pieces so far
	recent []int64 // where the last pieces began: a ring, as long as the longest run needs
	behind int64   // >= 0: the begin of a match whose end may take in what follows in base64
	joined bool    // a character behind it is still to come, = only else
}

func (l *lane) feed(p piece) { l.decode(0, p) }

func (l *lane) decode(i int, p piece) {
	if i == len(l.stages) {
		l.take(p)
		return
	}
	l.stages[i].feed(p, func(p piece) { l.decode(i+1, p) })
}

// end takes what is held as it is: the text ends at this place.
func (l *lane) end(at int64) {
	for i := range l.stages {
		l.stages[i].drain(true, func(p piece) { l.decode(i+1, p) })
	}
	for _, r := range l.runs {
		l.broken(r, l.n, 0, at)
	}
}

// cutShort is from how many bytes on the beginning of a secret is a secret: a text that
// was shortened may end within one.
const cutShort = 16

// broken marks what had been seen of a pattern that did not go on, up to the n-th
// piece, which begins at to. Where now bytes of it are seen with that piece, and it
// began before, nothing was.
func (l *lane) broken(r run, n, now int, to int64) {
	if r.seen >= cutShort && r.seen < len(r.text) && now <= r.seen {
		l.found(l.began(n-r.seen), to)
	}
}

// began is where the n-th piece began.
func (l *lane) began(n int) int64 { return l.recent[n%len(l.recent)] }

// take looks at the next decoded byte.
func (l *lane) take(p piece) {
	if l.fold != nil {
		p.b = l.fold(p.b)
	}
	l.trail(p)
	l.keep(p.from)
	if len(l.runs) == 0 && len(l.starts[p.b]) == 0 {
		return
	}
	runs := l.runs
	l.runs = l.runs[:0]
	for _, r := range runs {
		before := r
		r.seen = r.next(r.seen, p.b)
		l.broken(before, l.n-1, r.seen, p.from)
		l.step(r, p)
	}
	for _, start := range l.starts[p.b] {
		if !slices.ContainsFunc(l.runs, func(r run) bool { return r.pattern == start }) {
			l.step(run{start, 1}, p)
		}
	}
}

// step keeps a run that goes on, and tells of one that is whole.
func (l *lane) step(r run, p piece) {
	if r.seen == 0 {
		return
	}
	l.runs = append(l.runs, r)
	if r.seen < len(r.text) {
		return
	}
	from := l.began(l.n - r.seen)
	if r.before && l.n > r.seen && len(l.recent) > r.seen {
		from = l.began(l.n - r.seen - 1)
	}
	l.found(from, p.to)
	if r.padded {
		l.behind, l.joined = from, r.behind
	}
}

// keep remembers where a piece began.
func (l *lane) keep(from int64) {
	longest := 0
	for _, r := range l.runs {
		longest = max(longest, r.seen)
	}
	if need := longest + 4; need > len(l.recent) {
		grown := make([]int64, 2*need)
		for i := max(0, l.n-len(l.recent)); i < l.n; i++ {
			grown[i%len(grown)] = l.began(i)
		}
		l.recent = grown
	}
	l.recent[l.n%len(l.recent)] = from
	l.n++
}

// trail takes in the base64 character behind a match that holds bits of it, and the
// padding.
func (l *lane) trail(p piece) {
	switch {
	case l.behind < 0:
	case p.b == '=':
		l.joined = false
		l.found(l.behind, p.to)
	case l.joined && (letterOrDigit(p.b) || p.b == '+' || p.b == '/'):
		l.joined = false
		l.found(l.behind, p.to)
	default:
		l.behind = -1
	}
}

// hold is where the first byte stands that may still become a part of a secret; end
// where there is none.
func (l *lane) hold(end int64) int64 {
	if l.idle {
		return end
	}
	for _, r := range l.runs {
		if r.seen < len(r.text) {
			end = min(end, l.began(l.n-r.seen))
		} else if k := int(r.fail[r.seen]); k > 0 {
			end = min(end, l.began(l.n-k))
		}
	}
	for i := range l.stages {
		if held := l.stages[i].held; len(held) > 0 {
			end = min(end, held[0].from)
		}
	}
	if l.behind >= 0 {
		end = min(end, l.behind)
	}
	return end
}

// wake makes an idle lane see what its base has seen.
func (l *lane) wake() {
	l.idle = false
	l.runs = append(l.runs[:0], l.base.runs...)
	l.recent = append(l.recent[:0], l.base.recent...)
	l.n, l.behind, l.joined = l.base.n, l.base.behind, l.base.joined
}

// rest makes a lane idle that holds nothing.
func (l *lane) rest() {
	if l.base != nil && len(l.runs) == 0 && l.behind < 0 && !slices.ContainsFunc(l.stages, func(s stage) bool { return len(s.held) > 0 }) {
		l.idle = true
	}
}
