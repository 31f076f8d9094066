package secret

import (
	"bytes"
	"slices"
)

// filter takes secrets out of a text as it comes. It holds back what may still become
// a part of one, and never more.
type filter struct {
	x     *index
	lanes []*lane // those without decoders first
	woken map[*encoder]*lane
	text  []byte // from base on, not given out yet
	base  int64
	n     int64 // bytes so far
	cuts  []cut
	to    int64 // where the last mark's secret ends
	found bool
}

// cut is a place where a secret stands.
type cut struct{ from, to int64 }

// encoder is a sequence of decoders, the outermost encoding first: what undoes one
// that encodes a value, and another that encodes what came out. Its lane sees what the
// lane of that number sees, until the first escape.
type encoder struct {
	base    int
	escapes []*escape
}

// The lanes that decode nothing.
const (
	inText = iota
	inHex
	inBase64
)

func encoders() (all []*encoder) {
	for _, e := range [][]*escape{
		{percent},
		{query},
		{backslash},
		{reference},
		{percent, percent},
		{query, query},
		{backslash, backslash},
		{reference, reference},
		{backslash, backslash, backslash},
		{backslash, percent},
		{backslash, query},
		{backslash, reference},
		{backslash, backslash, reference},
		{percent, backslash},
		{query, backslash},
		{reference, backslash},
		{reference, percent},
		{reference, query},
		{reference, backslash, backslash},
		{latin},
		{backslash, latin},
		{reference, latin},
	} {
		all = append(all, &encoder{inText, e})
	}
	for _, e := range []*escape{percent, backslash, reference} {
		all = append(all, &encoder{inBase64, []*escape{e}})
	}
	return all
}

// waking are the encoders to which a byte means something.
func waking() (by [256][]*encoder) {
	for _, e := range encoders() {
		var seen [256]bool
		for _, s := range e.escapes {
			for _, b := range []byte{s.begin, '+'} {
				if (b != '+' || s.plus) && !seen[b] {
					seen[b], by[b] = true, append(by[b], e)
				}
			}
		}
	}
	return by
}

func newFilter(x *index) *filter {
	f := &filter{x: x}
	f.add(&lane{starts: &x.text})
	f.add(&lane{starts: &x.hex, fold: lower})
	f.add(&lane{starts: &x.base64, fold: standard})
	return f
}

func (f *filter) add(l *lane) *lane {
	l.behind = -1
	l.found = func(from, to int64) {
		f.found = true
		f.cuts = append(f.cuts, cut{from, to})
	}
	f.lanes = append(f.lanes, l)
	return l
}

// wake makes the lane of an encoder see what comes.
func (f *filter) wake(e *encoder) {
	l := f.woken[e]
	if l == nil {
		base := f.lanes[e.base]
		l = f.add(&lane{base: base, idle: true, starts: base.starts, fold: base.fold})
		for _, s := range e.escapes {
			l.stages = append(l.stages, stage{escape: s})
		}
		if f.woken == nil {
			f.woken = map[*encoder]*lane{}
		}
		f.woken[e] = l
	}
	if l.idle {
		l.wake()
	}
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'F' {
		b |= 0x20
	}
	return b
}

// standard maps the base64 alphabet for URLs to the standard one (RFC 4648).
func standard(b byte) byte {
	switch b {
	case '-':
		return '+'
	case '_':
		return '/'
	}
	return b
}

// feed takes the next part of the text, and writes what is known to be no secret.
func (f *filter) feed(p []byte, out *bytes.Buffer) {
	const part = 4 << 10 // so that little is held at once
	for len(p) > 0 {
		now := p[:min(part, len(p))]
		p = p[len(now):]
		f.text = append(f.text, now...)
		for _, b := range now {
			f.take(b)
		}
		hold := f.n
		for _, l := range f.lanes {
			hold = l.hold(hold)
		}
		f.give(hold, out)
	}
}

func (f *filter) take(b byte) {
	for _, e := range f.x.waking[b] {
		f.wake(e)
	}
	for _, l := range f.lanes {
		if l.idle {
			continue
		}
		l.feed(piece{b, f.n, f.n + 1})
		l.rest()
	}
	f.n++
}

// end writes what is held back: the text ends here.
func (f *filter) end(out *bytes.Buffer) {
	for _, l := range f.lanes {
		if !l.idle {
			l.end(f.n)
		}
	}
	f.give(f.n, out)
}

// give writes the text up to hold, with Mark in place of each secret that begins
// there. Of places that overlap one Mark is written.
func (f *filter) give(hold int64, out *bytes.Buffer) {
	slices.SortFunc(f.cuts, func(a, b cut) int { return int(a.from - b.from) })
	done := 0
	for _, c := range f.cuts {
		if c.from >= hold {
			break
		}
		if c.from >= f.to {
			f.copy(c.from, out)
			out.WriteString(Mark)
		}
		f.to = max(f.to, c.to)
		done++
	}
	f.cuts = slices.Delete(f.cuts, 0, done)
	f.copy(hold, out)
}

// copy writes the text up to a place, but for what a mark stands for.
func (f *filter) copy(to int64, out *bytes.Buffer) {
	if from := max(f.base, f.to); from < to {
		out.Write(f.text[from-f.base : to-f.base])
	}
	if to > f.base {
		f.text = slices.Delete(f.text, 0, int(to-f.base))
		f.base = to
	}
}

// held is the text that is held back, but for what a mark stands for already.
func (f *filter) held() []byte { return f.text[min(int64(len(f.text)), max(0, f.to-f.base)):] }
