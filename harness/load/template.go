package load

import (
	"strconv"
	"strings"

	"leakhunt/harness/fault"
)

// Values fill the placeholders of one request.
type Values struct {
	N    int               // {{n}}: counts 1, 2, 3… per URI
	Vars map[string]string // {{name}}
	Row  map[string]string // {{data.column}}
}

// text is a string with placeholders, cut into pieces once so that a request
// costs appends only.
type text struct {
	pieces []piece
	fixed  string // the whole, where it has no placeholder
	static bool
}

type piece struct {
	kind   pieceKind
	s      string // the literal, or the name of the variable or column
	escape func(string) string
}

type pieceKind byte

const (
	literal  pieceKind = iota
	counter            // {{n}}
	variable           // {{name}}
	column             // {{data.name}}
)

// raw inserts a value as it is.
func raw(s string) string { return s }

// parseText cuts s at its placeholders. escape is what happens to a value
// before it is inserted; literals stay as written.
func parseText(s string, escape func(string) string) (text, error) {
	var t text
	rest := s
	for {
		open := strings.Index(rest, "{{")
		if open < 0 {
			break
		}
		size := strings.Index(rest[open:], "}}")
		if size < 0 {
			return text{}, fault.Usagef("the placeholder %q is not closed", clip(rest[open:])).
				WithHint("Write {{n}}, {{name}} or {{data.column}}.")
		}
		p, err := parsePlaceholder(rest[open+2 : open+size])
		if err != nil {
			return text{}, err
		}
		p.escape = escape
		t.literal(rest[:open])
		t.pieces = append(t.pieces, p)
		rest = rest[open+size+2:]
	}
	if len(t.pieces) == 0 {
		return text{fixed: s, static: true}, nil
	}
	t.literal(rest)
	return t, nil
}

func (t *text) literal(s string) {
	if s != "" {
		t.pieces = append(t.pieces, piece{kind: literal, s: s})
	}
}

func parsePlaceholder(inner string) (piece, error) {
	name := strings.TrimSpace(inner)
	col, isColumn := strings.CutPrefix(name, "data.")
	switch {
	case name == "n":
		return piece{kind: counter}, nil
	case isColumn && col != "" && !strings.ContainsAny(col, "{}\r\n"):
		return piece{kind: column, s: col}, nil
	case !isColumn && isName(name):
		return piece{kind: variable, s: name}, nil
	}
	return piece{}, fault.Usagef("%q is no placeholder", "{{"+clip(inner)+"}}").
		WithHint("Write {{n}}, {{name}} with letters, digits, _ and -, or {{data.column}}.")
}

// isName says whether s can name a variable: a letter or _, then letters,
// digits, _ and -.
func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}

// appendTo appends the text with its placeholders filled.
func (t *text) appendTo(dst []byte, v *Values) ([]byte, error) {
	if t.static {
		return append(dst, t.fixed...), nil
	}
	for i := range t.pieces {
		p := &t.pieces[i]
		switch p.kind {
		case literal:
			dst = append(dst, p.s...)
		case counter:
			dst = strconv.AppendInt(dst, int64(v.N), 10)
		case variable:
			s, ok := v.Vars[p.s]
			if !ok {
				return dst, fault.Measuref("{{%s}} has no value", p.s).
					WithHint("Give it one under vars:, with --var %s=…, or by a capture of a request under before:.", p.s)
			}
			dst = append(dst, p.escape(s)...)
		case column:
			s, ok := v.Row[p.s]
			if !ok {
				return dst, fault.Measuref("{{data.%s}} has no value: the data file has no such column", p.s)
			}
			dst = append(dst, p.escape(s)...)
		}
	}
	return dst, nil
}

// clip keeps error texts short.
func clip(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
