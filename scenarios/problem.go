package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"leakhunt/harness/fault"
)

// Problem is one thing that is wrong in a scenario file.
type Problem struct {
	File    string
	Line    int    // from 1; 0 where the whole file is meant
	Column  int    // from 1, in characters
	Text    string // the line as written: no ${VAR} expanded, no secret in it
	Message string
	Fix     string // what would be right; may be empty
	caret   int    // Column, as Text has it without its secrets; 0: the same
}

// String is the problem as a person reads it, with a caret under the column.
// It ends without a line break.
func (p Problem) String() string {
	var b strings.Builder
	if p.Line == 0 {
		fmt.Fprintf(&b, "%s: %s", p.File, printable(p.Message))
	} else {
		text, column := excerpt(p.Text, cmp.Or(p.caret, p.Column))
		fmt.Fprintf(&b, "%s:%d:%d: %s", p.File, p.Line, p.Column, printable(p.Message))
		if text != "" {
			fmt.Fprintf(&b, "\n%6d | %s\n       | %s^", p.Line, text, strings.Repeat(" ", column-1))
		}
	}
	if p.Fix != "" {
		b.WriteString("\n  " + printable(p.Fix))
	}
	return b.String()
}

// excerpt is the part of a line that fits a terminal, and where the column is
// in it. One character stands for one, so that the caret stays under its column.
func excerpt(line string, column int) (string, int) {
	const width, before = 100, 60
	r := []rune(printable(strings.TrimRight(line, " \t\r")))
	column = max(1, min(column, len(r)+1))
	if start := column - 1 - before; start > 0 && len(r) > width {
		r = append([]rune("…"), r[start:]...)
		column = before + 2
	}
	if len(r) > width {
		r = append(r[:width], '…')
	}
	return string(r), column
}

// printable keeps control characters of a file away from the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return '�'
		}
		return r
	}, s)
}

// Errors is everything that is wrong in a scenario file, in the file's order.
// It is a fault of the kind Usage.
type Errors struct{ Problems []Problem }

func (e *Errors) Error() string {
	var b strings.Builder
	if len(e.Problems) == 1 {
		return e.Problems[0].String()
	}
	first := ""
	if len(e.Problems) >= maxProblems {
		first = "the first "
	}
	fmt.Fprintf(&b, "%s: %s%d errors", e.Problems[0].File, first, len(e.Problems))
	for _, p := range e.Problems {
		b.WriteString("\n\n" + p.String())
	}
	return b.String()
}

// Unwrap makes the errors a fault, and with it an exit code.
func (e *Errors) Unwrap() error { return fault.Usagef("%s", e.Error()) }

// tidy sorts the problems as the file has them and drops repetitions, which
// aliases make: what is wrong at an anchor is wrong at each of its uses.
func tidy(ps []Problem) []Problem {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}
