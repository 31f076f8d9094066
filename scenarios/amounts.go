package scenarios

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// maxCount bounds all counts: more would be a slip of the hand.
const maxCount = 1_000_000_000

var (
	decimal = regexp.MustCompile(`^(?:0|[1-9][0-9]*)$`)
	octal   = regexp.MustCompile(`^[-+]?0[0-9_]+$`)
)

// whole reads a whole number from least to most.
func whole[T int | int64](d *decoder, dst *T, least, most int64) reader {
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "a whole number", "write a single number")
		if !ok {
			return
		}
		value, wrong, fix := parseWhole(s, least, most)
		if wrong != "" {
			d.problem(n, fix, "%s", wrong)
			return
		}
		*dst = T(value)
	}
}

func parseWhole(s scalar, least, most int64) (value int64, wrong, fix string) {
	number := s.tag == "!!int" || s.tag == "!!float"
	fix = "write a number from " + strconv.FormatInt(least, 10) + " on, in digits"
	switch {
	case !number && decimal.MatchString(s.text):
		return 0, "expected a whole number, found text", "remove the quotes"
	case !number:
		return 0, "expected a whole number, found " + kindOf(&yaml.Node{Kind: yaml.ScalarNode, Tag: s.tag}), fix
	case strings.HasPrefix(s.text, "-"):
		return 0, "a count cannot be negative", fix
	case octal.MatchString(s.text):
		return 0, "a number with a leading zero: YAML takes it for octal", "write it without the leading zero"
	case decimal.MatchString(s.text):
	case s.tag == "!!float" && strings.ContainsAny(s.text, "0123456789") && !strings.ContainsAny(s.text, "eE"):
		return 0, "a fraction where a whole number belongs", fix
	default:
		return 0, "not a plain decimal number", "write it in digits alone, without a sign, an exponent, _ or a prefix such as 0x"
	}
	value, err := strconv.ParseInt(s.text, 10, 64)
	switch {
	case err != nil || value > most:
		return 0, "the number is too large", "write at most " + strconv.FormatInt(most, 10)
	case value < least:
		return 0, "the number is too small", fix
	}
	return value, "", ""
}

// count reads a number of requests, or auto.
func (d *decoder) count(dst *Count, least int64) reader {
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "a number of requests, or auto", "write a single number, or auto")
		if !ok {
			return
		}
		if s.text == "auto" {
			*dst = Count{Auto: true}
			return
		}
		value, wrong, fix := parseWhole(s, least, maxCount)
		if wrong != "" {
			if s.tag == "!!str" {
				fix += ", or auto"
			}
			d.problem(n, fix, "%s", wrong)
			return
		}
		*dst = Count{N: int(value)}
	}
}

// size reads a number of bytes, at least 1: a whole number, or one with a unit.
func (d *decoder) size(dst *int64) reader {
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "a size", sizeFix)
		if !ok {
			return
		}
		var value int64
		var wrong, fix string
		if s.tag == "!!str" {
			if value, fix = parseSize(s.text); fix != "" {
				wrong = "this is not a size"
			}
			if s.expanded && fix != "" {
				fix = sizeFix
			}
		} else if value, wrong, fix = parseWhole(s, 0, math.MaxInt64); wrong != "" {
			fix = sizeFix
		}
		if wrong == "" && value == 0 {
			wrong, fix = "a size of 0 means nothing here", "write at least 1B, or leave the key out"
		}
		if wrong != "" {
			d.problem(n, fix, "%s", wrong)
			return
		}
		*dst = value
	}
}

// duration reads a time span above 0 in Go's form.
func (d *decoder) duration(dst *time.Duration) reader {
	const form = "write a number with its unit, such as 500ms, 30s, 15m or 1h30m"
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "a duration", form)
		if !ok {
			return
		}
		value, err := time.ParseDuration(s.text)
		switch {
		case s.tag == "!!int" && !s.expanded && decimal.MatchString(s.text) && s.text != "0":
			d.problem(n, "say the unit: "+n.Value+"s, "+n.Value+"m", "a duration needs a unit")
		case err != nil:
			d.problem(n, form, "this is not a duration")
		case value <= 0:
			d.problem(n, form, "a duration must be longer than 0")
		default:
			*dst = value
		}
	}
}

// day reads a calendar day as the midnight UTC that begins it.
func (d *decoder) day(dst *time.Time) reader {
	const form = "write year-month-day, such as 2027-01-31"
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "a day", form)
		if !ok {
			return
		}
		t, err := time.Parse(time.DateOnly, s.text)
		if err != nil {
			d.problem(n, form, "this is not a day of the calendar")
			return
		}
		*dst = t
	}
}

var percentForm = regexp.MustCompile(`^(\d{1,3}(?:\.\d+)?)%$`)

// share reads a percentage as a share from 0 to 1. 0% becomes the smallest
// share above 0, which every real one exceeds: 0 itself means no limit.
func (d *decoder) share(dst *float64) reader {
	const form = "write a percentage from 0% to 100%, such as 1% or 0.5%"
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "a percentage", form)
		if !ok {
			return
		}
		m := percentForm.FindStringSubmatch(s.text)
		if m == nil {
			d.problem(n, form, "this is not a percentage")
			return
		}
		value, err := strconv.ParseFloat(m[1], 64)
		if err != nil || value > 100 {
			d.problem(n, form, "more than 100%%")
			return
		}
		*dst = max(value/100, math.SmallestNonzeroFloat64)
	}
}
