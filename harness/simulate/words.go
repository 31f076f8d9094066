package simulate

import (
	"fmt"
	"strconv"
	"strings"
)

// words are those of a line that are still to be read. The first error stays, and
// what is read after it is zero.
type words struct {
	list []string
	err  error
}

func (w *words) more() bool { return w.err == nil && len(w.list) > 0 }

func (w *words) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// word is the next one, "" after the last.
func (w *words) word() string {
	if !w.more() {
		return ""
	}
	first := w.list[0]
	w.list = w.list[1:]
	return first
}

// took says whether the next words are those, and reads them if so.
func (w *words) took(phrase ...string) bool {
	if len(w.list) < len(phrase) || w.err != nil {
		return false
	}
	for i, p := range phrase {
		if w.list[i] != p {
			return false
		}
	}
	w.list = w.list[len(phrase):]
	return true
}

// want reads a word that must come.
func (w *words) want(word string) {
	if !w.took(word) {
		w.fail("%q is missing before %q", word, strings.Join(w.list, " "))
	}
}

// most is the largest amount that a text may hold: sums of such stay far from
// overflow.
const most = 1 << 40

type unit struct {
	name string
	of   int64
}

var (
	sizes   = []unit{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}}
	spans   = []unit{{"min", 60e6}, {"ms", 1e3}, {"us", 1}, {"s", 1e6}}
	shares  = []unit{{"%", 1}}
	numbers = []unit{{"", 1}}
)

func (w *words) amount(what string, units []unit) int64 {
	text := w.word()
	if w.err != nil {
		return 0
	}
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			break
		}
		if n > most/u.of || n < -most/u.of {
			w.fail("%s is beyond all bounds", text)
			return 0
		}
		return n * u.of
	}
	w.fail("%q is no %s", text, what)
	return 0
}

// size is a number of bytes, as 4KiB.
func (w *words) size() int64 { return w.positive(w.amount("size, such as 4KiB", sizes)) }

// span is a time in µs, as 250ms.
func (w *words) span() int64 { return w.positive(w.amount("time, such as 250ms", spans)) }

// number is a whole number.
func (w *words) number() int64 { return w.positive(w.amount("number", numbers)) }

// percent is a share, as 30%.
func (w *words) percent() int64 {
	v := w.amount("share, such as 30%", shares)
	if v < 0 || v > 100 {
		w.fail("%d%% is not within 0%% and 100%%", v)
	}
	return v
}

func (w *words) positive(v int64) int64 {
	if v < 0 {
		w.fail("%d is less than 0", v)
	}
	return v
}

// sizeText is v in the largest unit of which it is a whole number.
func sizeText(v int64) string { return inUnits(v, sizes[:3], "B") }

// spanText is v µs likewise.
func spanText(v int64) string { return inUnits(v, []unit{{"s", 1e6}, {"ms", 1e3}}, "us") }

func inUnits(v int64, units []unit, least string) string {
	for _, u := range units {
		if v != 0 && v%u.of == 0 {
			return strconv.FormatInt(v/u.of, 10) + u.name
		}
	}
	return strconv.FormatInt(v, 10) + least
}
