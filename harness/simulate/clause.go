package simulate

import (
	"fmt"
	"slices"
	"strings"
)

// A clause is a part in words: its verb, then "SIZE" or "COUNT x SIZE", then any
// of the phrases that the verb has.

// forms say which verbs have a count, and which phrases they have.
var forms = [...]struct {
	counted bool
	phrases []string
}{
	garbage:   {false, []string{"objects", "spread", "cyclic"}},
	leak:      {false, []string{"objects", "spread", "every", "1", "keyed", "keys", "visitor", "failing", "after", "native", "mapped", "doubling", "goroutine", "holds"}},
	cache:     {true, []string{"objects", "keyed", "keys", "of", "native", "doubling", "drops", "expires", "swept", "by", "on", "holds"}},
	ring:      {true, []string{"objects"}},
	hold:      {false, []string{"objects", "every", "1", "visitor", "expires", "swept", "by", "on", "holds"}},
	batch:     {true, []string{"objects", "each", "holds"}},
	pool:      {true, []string{"objects", "every", "1", "holds"}},
	warmup:    {false, []string{"over", "native"}},
	creep:     {false, nil},
	step:      {false, []string{"at", "native"}},
	wave:      {false, []string{"over"}},
	subscribe: {false, []string{"objects"}},
	publish:   {false, []string{"objects"}},
	remains:   {false, []string{"objects"}},
	code:      {false, []string{"objects", "unused"}},
}

// usual is how many objects make up that many bytes where nothing is said.
func (p *part) usual() int64 {
	switch p.verb {
	case garbage, warmup, creep, step, wave, remains, code:
		return 1 + p.size/100
	}
	return 1
}

// readPart reads the clause of a verb that was read already.
func (w *words) readPart(v verb) (p part) {
	p.verb = v
	if forms[v].counted {
		p.count = w.number()
		w.want("x")
	}
	p.size = w.size()
	p.objects = p.usual()
	for w.more() && w.list[0] != "," {
		phrase := w.word()
		if !slices.Contains(forms[v].phrases, phrase) {
			w.fail("%s has no %q; it has %s", verbs[v], phrase, strings.Join(forms[v].phrases, ", "))
			return p
		}
		w.readPhrase(&p, phrase)
	}
	if w.err == nil {
		w.err = p.check()
	}
	return p
}

func (w *words) readPhrase(p *part, phrase string) {
	switch phrase {
	case "objects":
		p.objects = w.number()
	case "spread":
		p.spread = w.percent()
	case "every":
		p.when.every = w.number()
	case "1":
		w.want("in")
		p.when.in = w.number()
	case "keys":
		p.keys = w.number()
	case "of":
		p.of = w.number()
	case "after":
		p.after = w.span()
	case "expires":
		p.stays = w.span()
	case "swept":
		p.sweep = w.span()
	case "by":
		p.by = w.number()
	case "each":
		p.each = w.span()
	case "unused":
		p.unused = w.number()
	case "over":
		p.over = w.number()
	case "at":
		p.at = w.number()
	case "on":
		w.want("use")
		p.use = true
	case "holds":
		p.holds = w.thing()
	case "drops":
		p.third = w.took("third")
		if p.all = !p.third; p.all {
			w.want("all")
		}
	default:
		*p.flag(phrase) = true
	}
}

// flags are the phrases of one word, in the order in which they are written.
var flags = []string{"cyclic", "keyed", "visitor", "failing", "native", "mapped", "doubling", "goroutine"}

func (p *part) flag(word string) *bool {
	return map[string]*bool{
		"cyclic": &p.cyclic, "keyed": &p.keyed, "visitor": &p.visitor, "failing": &p.failing,
		"native": &p.native, "mapped": &p.mapped, "doubling": &p.doubling, "goroutine": &p.goroutine,
	}[word]
}

// String is the clause.
func (p part) String() string {
	var b strings.Builder
	b.WriteString(verbs[p.verb])
	if forms[p.verb].counted {
		fmt.Fprintf(&b, " %d x", p.count)
	}
	b.WriteString(" " + sizeText(p.size))
	number := func(phrase string, v int64) {
		if v != 0 {
			fmt.Fprintf(&b, " %s %d", phrase, v)
		}
	}
	span := func(phrase string, v int64) {
		if v != 0 {
			b.WriteString(" " + phrase + " " + spanText(v))
		}
	}
	if p.objects != p.usual() {
		fmt.Fprintf(&b, " objects %d", p.objects)
	}
	if p.spread != 0 {
		fmt.Fprintf(&b, " spread %d%%", p.spread)
	}
	number("every", p.when.every)
	number("1 in", p.when.in)
	number("keys", p.keys)
	number("of", p.of)
	number("at", p.at)
	number("over", p.over)
	number("unused", p.unused)
	span("after", p.after)
	span("each", p.each)
	span("expires", p.stays)
	span("swept", p.sweep)
	number("by", p.by)
	if p.use {
		b.WriteString(" on use")
	}
	switch {
	case p.third:
		b.WriteString(" drops third")
	case p.all:
		b.WriteString(" drops all")
	}
	if p.holds > 0 {
		b.WriteString(" holds " + things[p.holds])
	}
	for _, word := range flags {
		if *p.flag(word) {
			b.WriteString(" " + word)
		}
	}
	return b.String()
}

// check says what is wrong with a part that was read.
func (p *part) check() error {
	switch {
	case p.size == 0 || p.size > 1<<30:
		return fmt.Errorf("%s needs a size of 1 B to 1 GiB", verbs[p.verb])
	case forms[p.verb].counted && (p.count < 1 || p.count > 1e8):
		return fmt.Errorf("%s needs a count of 1 to 100,000,000", verbs[p.verb])
	case p.count > 0 && p.size > most/p.count:
		return fmt.Errorf("%s is beyond all bounds", verbs[p.verb])
	case p.objects > p.size:
		return fmt.Errorf("%d objects cannot be made of %s", p.objects, sizeText(p.size))
	case p.verb == hold && p.stays == 0:
		return fmt.Errorf("hold says nowhere when that expires")
	case p.verb == cache && (p.sweep > 0 || p.by > 0 || p.use) && p.stays == 0:
		return fmt.Errorf("cache says nowhere when that expires")
	case (p.verb == warmup || p.verb == wave) && p.over == 0:
		return fmt.Errorf("%s says nowhere over how many requests", verbs[p.verb])
	case soon(p.after) || soon(p.stays) || soon(p.sweep) || soon(p.each):
		return fmt.Errorf("%s asks for a time of less than 1 ms", verbs[p.verb])
	case p.verb == code && p.unused == 0:
		return fmt.Errorf("code says nowhere after how many collections it is dropped")
	case p.verb == step && p.at == 0:
		return fmt.Errorf("step says nowhere at which request")
	}
	return nil
}

func soon(span int64) bool { return span > 0 && span < 1000 }
