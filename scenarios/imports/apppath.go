package imports

import (
	"cmp"
	"strings"
)

// appPath puts placeholders in place of the parameters of a framework's path. It
// returns false for what stands for no path of its own: a regular expression.
func appPath(framework, path string) (string, bool) {
	var w walker
	if framework == "django" {
		path = "/" + strings.TrimLeft(path, "/")
	}
	if len(path) > maxTarget || strings.Contains(path, "\x00") || !strings.HasPrefix(path, "/") && framework != "fastify" && framework != "rails" {
		return "", false
	}
	w.rest = path
	switch framework {
	case "flask", "fastapi":
		w.brackets()
	case "django":
		w.django()
	case "bottle":
		w.bottle()
	default:
		w.colons(framework)
	}
	return w.uri()
}

// walker reads a path from its beginning. What was read is a list of segments, in
// each of which a parameter stands between two zero bytes.
type walker struct {
	rest string
	out  strings.Builder
	bad  bool
}

// take removes the first byte of what is left.
func (w *walker) take() byte {
	c := w.rest[0]
	w.rest = w.rest[1:]
	return c
}

func (w *walker) param(name string) {
	name = strings.ReplaceAll(name, "/", "_")
	w.out.WriteString("\x00" + name + "\x00")
}

// drop takes back the last byte that was written, which turned out to be optional.
func (w *walker) drop() {
	s := w.out.String()
	w.out.Reset()
	if s == "" || s[len(s)-1] == 0 {
		w.out.WriteString(s)
		return
	}
	w.out.WriteString(s[:len(s)-1])
}

// dropParam takes back the last parameter, with the slash or the dot before it.
func (w *walker) dropParam() {
	s := strings.TrimSuffix(w.out.String(), "\x00")
	s = s[:strings.LastIndexByte(s, 0)]
	s = strings.TrimSuffix(strings.TrimSuffix(s, "."), "/")
	w.out.Reset()
	w.out.WriteString(s)
}

// group is what stands between an opening bracket, which was taken, and its end.
func (w *walker) group(open, end byte) string {
	depth := 1
	for i := 0; i < len(w.rest); i++ {
		switch w.rest[i] {
		case '\\':
			i++
		case open:
			depth++
		case end:
			depth--
		}
		if depth == 0 {
			inside := w.rest[:i]
			w.rest = w.rest[i+1:]
			return inside
		}
	}
	w.bad, w.rest = true, ""
	return ""
}

// word is the name that follows.
func (w *walker) word() string {
	n := 0
	for n < len(w.rest) && (w.rest[n] == '_' || digit(w.rest[n]) || w.rest[n]|0x20 >= 'a' && w.rest[n]|0x20 <= 'z') {
		n++
	}
	name := w.rest[:n]
	w.rest = w.rest[n:]
	return name
}

func (w *walker) next(c byte) bool {
	if w.rest == "" || w.rest[0] != c {
		return false
	}
	w.rest = w.rest[1:]
	return true
}

// colons reads /orders/:id(.:format) of Rails, Sinatra, Express and Fastify.
// Optional parts are left out, constraints forgotten.
func (w *walker) colons(framework string) {
	for w.rest != "" && !w.bad {
		switch c := w.take(); {
		case c == ':' && framework == "fastify" && w.next(':'):
			w.out.WriteByte(':')
		case c == ':':
			name := w.word()
			if name == "" {
				w.bad = true
				return
			}
			w.param(name)
			if framework != "rails" && w.next('(') { // a constraint
				w.group('(', ')')
			}
			w.modifier()
		case c == '*':
			name := w.word()
			if name == "" {
				name = "path"
			}
			w.param(name)
		case c == '(':
			w.group('(', ')') // optional, or only a group
			w.next('?')
		case c == '{':
			w.group('{', '}')
		case c == '?' && framework != "rails":
			w.drop()
		case c == '\\' && w.rest != "":
			w.out.WriteByte(w.take())
		default:
			w.out.WriteByte(c)
		}
	}
}

// modifier reads what follows a parameter: one that may be missing is left out.
func (w *walker) modifier() {
	if w.next('?') {
		w.dropParam()
		return
	}
	if !w.next('+') && w.next('*') {
		w.dropParam()
	}
}

// brackets reads /orders/<int:id> of Flask, and /orders/{id:path} of FastAPI.
func (w *walker) brackets() {
	for w.rest != "" && !w.bad {
		switch c := w.take(); c {
		case '<':
			inside := w.group('<', '>')
			w.param(inside[strings.LastIndexByte(inside, ':')+1:])
		case '{':
			name, _, _ := strings.Cut(w.group('{', '}'), ":")
			w.param(name)
		default:
			w.out.WriteByte(c)
		}
	}
}

// bottle reads /orders/<id:int>, where what has no name has only its colon, and the older
// /orders/:id#[0-9]+#.
func (w *walker) bottle() {
	for w.rest != "" && !w.bad {
		switch c := w.take(); c {
		case '<':
			name, _, _ := strings.Cut(w.group('<', '>'), ":")
			w.param(cmp.Or(name, "value"))
		case ':':
			w.param(cmp.Or(w.word(), "value"))
			if w.next('#') {
				_, after, closed := strings.Cut(w.rest, "#")
				w.rest, w.bad = after, !closed
			}
		case '\\':
			if w.rest != "" {
				w.out.WriteByte(w.take())
			}
		default:
			w.out.WriteByte(c)
		}
	}
}

// django reads orders/<int:pk>/ and the regular expressions of re_path.
func (w *walker) django() {
	for w.rest != "" && !w.bad {
		switch c := w.take(); {
		case c == '<':
			inside := w.group('<', '>')
			w.param(inside[strings.LastIndexByte(inside, ':')+1:])
		case c == '^', c == '$':
		case c == '\\' && w.rest != "":
			switch e := w.take(); e {
			case 'Z', 'A', 'b':
			case 'd', 'w', 's', 'D', 'W', 'S':
				w.param("value")
			default:
				w.out.WriteByte(e)
			}
			w.quantity()
		case c == '[':
			w.group('[', ']')
			w.param("value")
			w.quantity()
		case c == '(':
			w.inGroup(w.group('(', ')'))
			w.quantity()
		case c == '?', c == '*':
			w.drop()
		case c == '+':
		case c == '|':
			w.rest = "" // the first of several is taken
		default:
			w.out.WriteByte(c)
		}
	}
}

// inGroup reads a group: (?P<name>…) and (…) are parameters, of (?:…) the first
// branch is read, and what only looks ahead is nothing.
func (w *walker) inGroup(inside string) {
	switch {
	case strings.HasPrefix(inside, "?P<"):
		name, _, _ := strings.Cut(inside[3:], ">")
		w.param(name)
	case strings.HasPrefix(inside, "?:"):
		if strings.HasPrefix(w.rest, "?") || strings.HasPrefix(w.rest, "*") {
			w.rest = w.rest[1:]
			return // optional
		}
		after := w.rest
		w.rest = inside[2:]
		w.django()
		w.rest = after
	case strings.HasPrefix(inside, "?"):
	default:
		w.param("value")
	}
}

// quantity reads how often what was read may come; none at all leaves it out.
func (w *walker) quantity() {
	switch {
	case w.next('+'):
	case w.next('*'), w.next('?'):
		if s := w.out.String(); strings.HasSuffix(s, "\x00") {
			w.dropParam()
		} else {
			w.drop()
		}
	case w.next('{'):
		w.group('{', '}')
	}
	w.next('?') // not greedy
}

// uri is what was read, with placeholders: :id after /orders is {{order_id}}.
func (w *walker) uri() (string, bool) {
	if w.bad {
		return "", false
	}
	text := w.out.String()
	if text == "" {
		text = "/"
	}
	before, bare := "", ""
	segments := strings.Split(text, "/")
	for i, s := range segments {
		parts := strings.Split(s, "\x00")
		for k := 1; k < len(parts); k += 2 {
			name := identifier(parts[k])
			if lower := strings.ToLower(parts[k]); (lower == "id" || lower == "pk") && before != "" {
				name = identifier(singular(before), lower)
			}
			bare += "x"
			parts[k] = "{{" + name + "}}"
		}
		bare += "/" + strings.Join(everyOther(parts), "")
		segments[i] = strings.Join(parts, "")
		if len(parts) == 1 && s != "" {
			before = s
		}
	}
	for _, c := range []byte(bare) {
		if !safe[c] || c == '%' || c == '?' {
			return "", false
		}
	}
	out := strings.Join(segments, "/")
	for strings.Contains(out, "//") { // what stood between was left out
		out = strings.ReplaceAll(out, "//", "/")
	}
	return out, strings.HasPrefix(out, "/")
}

// everyOther are the parts of a segment that are no parameters.
func everyOther(parts []string) (plain []string) {
	for i := 0; i < len(parts); i += 2 {
		plain = append(plain, parts[i])
	}
	return plain
}
