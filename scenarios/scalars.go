package scenarios

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// check says what is wrong with a text and what would be right, or "". It
// quotes no part of the text: that may come from the environment.
type check func(text string) (wrong, fix string)

// text reads a text: quoted, or what YAML does not take for something else.
func (d *decoder) text(dst *string, checks ...check) reader {
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "text", "write a single text")
		switch {
		case !ok:
		case s.tag != "!!str" && !s.expanded:
			d.wrongType(n, "text", quoteIt(n))
		case d.passes(n, s.text, checks):
			*dst = s.text
		}
	}
}

// plain reads a text where a number or true is as good as text: what counts is
// how it is written.
func (d *decoder) plain(dst *string, checks ...check) reader {
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "text", "write a single text")
		switch {
		case !ok:
		case s.tag == "!!null" && !s.expanded:
			d.wrongType(n, "text", `for an empty text write ""`)
		case d.passes(n, s.text, checks):
			*dst = s.text
		}
	}
}

func (d *decoder) passes(n *yaml.Node, text string, checks []check) bool {
	for _, c := range checks {
		if wrong, fix := c(text); wrong != "" {
			d.problem(n, fix, "%s", wrong)
			return false
		}
	}
	return true
}

func quoteIt(n *yaml.Node) string {
	if isNull(n) {
		return "fill it, or leave the key out"
	}
	return "for a text, put it in quotes: " + strconv.Quote(n.Value)
}

func notEmpty(text string) (wrong, fix string) {
	if strings.TrimSpace(text) == "" {
		return "the text is empty", "leave the key out, or fill it"
	}
	return "", ""
}

// oneLine refuses what would break a line of a report or a header.
func oneLine(text string) (wrong, fix string) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "the text holds a line break or another control character", "write it on one line"
	}
	return "", ""
}

func matches(form *regexp.Regexp, wrong, fix string) check {
	return func(text string) (string, string) {
		if form.MatchString(text) {
			return "", ""
		}
		return wrong, fix
	}
}

// texts reads a list of texts, each as plain does.
func (d *decoder) texts(dst *[]string, fix string, checks ...check) reader {
	return func(n *yaml.Node) {
		d.list(n, fix, func(item *yaml.Node) {
			var s string
			d.plain(&s, checks...)(item)
			*dst = append(*dst, s)
		})
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			d.problem(n, fix, "the list is empty")
		}
	}
}

// enum reads one of a few words.
func (d *decoder) enum(dst *string, words ...string) reader {
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "one word", "write one of "+strings.Join(words, ", "))
		switch {
		case !ok:
		case slices.Contains(words, s.text):
			*dst = s.text
		default:
			d.problem(n, didYouMean(n.Value, words, "the values are"), "%q is not known here", n.Value)
		}
	}
}

// flag reads true or false.
func (d *decoder) flag(dst *bool) reader {
	return func(n *yaml.Node) {
		s, ok := d.scalar(n, "true or false", "write true or false")
		if !ok {
			return
		}
		if s.tag != "!!bool" {
			d.wrongType(n, "true or false", "write true or false, without quotes")
			return
		}
		*dst = strings.EqualFold(s.text, "true")
	}
}
