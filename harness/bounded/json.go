package bounded

import "io"

// JSON passes JSON through, and fails with ErrLong at a string or a number of more than
// most bytes: who decodes it holds it whole, whatever it is. With cut, strings are
// shortened instead, for a reader that does not need them. What is no JSON passes too.
type JSON struct {
	R    io.Reader
	Most int
	Cut  bool

	inString, escaped bool
	skipped           bool // the rest of the string is, with Cut
	digits            int  // of \u that follow
	long              int  // bytes of this string or number
	err               error
}

// Read implements io.Reader.
func (j *JSON) Read(p []byte) (int, error) {
	for {
		if j.err != nil || len(p) == 0 {
			return 0, j.err
		}
		n, err := j.R.Read(p)
		kept, ok := j.pass(p[:n])
		if j.err = err; !ok {
			j.err = ErrLong
		}
		if kept > 0 || j.err != nil {
			return kept, j.err
		}
	}
}

// Long is whether ErrLong came of a string or a number.
func (j *JSON) Long() bool { return j.long > j.Most }

// pass moves what stays to the front of p.
func (j *JSON) pass(p []byte) (kept int, ok bool) {
	for _, c := range p {
		if !j.inString {
			j.long++
			switch c {
			case '"':
				j.inString, j.long = true, 0
			case ' ', '\t', '\r', '\n', ',', ':', '[', ']', '{', '}':
				j.long = 0
			}
			if j.long > j.Most {
				return kept, false
			}
			p[kept] = c
			kept++
			continue
		}
		begins := !j.escaped && j.digits == 0 // a character, or the escape of one
		switch {
		case j.escaped:
			j.escaped = false
			if c == 'u' {
				j.digits = 4
			}
		case j.digits > 0 && c != '"':
			j.digits--
		case c == '\\':
			j.escaped = true
		case c == '"':
			j.inString, j.skipped, j.long, j.digits = false, false, 0, 0
			p[kept] = c
			kept++
			continue
		}
		if j.long++; j.long > j.Most {
			if !j.Cut {
				return kept, false
			}
			j.skipped = j.skipped || begins // no escape is cut in two
		}
		if !j.skipped {
			p[kept] = c
			kept++
		}
	}
	return kept, true
}
