package imports

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"leakhunt/harness/fault"
)

// format is a layout of log lines: literal texts and what stands between them.
type format struct {
	head   []byte
	fields []field
}

// field is a variable, and the text after it up to the next.
type field struct {
	name string
	then []byte // empty: to the end of the line
}

var formatVariable = regexp.MustCompile(`\$(?:\{(\w+)\}|(\w+))`)

// parseFormat reads nginx's log_format syntax.
// https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
func parseFormat(layout string) (*format, error) {
	wrong := fault.Usagef("--format %q", layout).
		WithHint(`Write it as nginx's log_format does: '$remote_addr [$time_local] "$request" $status'; it needs $status, and $request or $request_method with $request_uri.`)
	if strings.ContainsAny(layout, "\r\n") {
		return nil, wrong
	}
	short := strings.NewReplacer("$uri$is_args$args", "$request_uri", "${uri}${is_args}${args}", "$request_uri").Replace(layout)
	f := &format{}
	at := formatVariable.FindAllStringSubmatchIndex(short, -1)
	for i, m := range at {
		if i == 0 {
			f.head = []byte(short[:m[0]])
		}
		end := len(short)
		if i+1 < len(at) {
			if end = at[i+1][0]; end == m[1] {
				return nil, wrong.Because(fault.Usagef("nothing stands between two of its variables"))
			}
		}
		name := ""
		for g := 2; g < 6; g += 2 {
			if m[g] >= 0 {
				name = short[m[g]:m[g+1]]
			}
		}
		f.fields = append(f.fields, field{name, []byte(short[m[1]:end])})
	}
	has := func(name string) bool {
		return slices.ContainsFunc(f.fields, func(v field) bool { return v.name == name })
	}
	if !has("status") || !has("request") && (!has("request_method") || !has("request_uri") && !has("uri")) {
		return nil, wrong
	}
	return f, nil
}

// parse reads one line.
func (f *format) parse(line []byte) (r request, why reason) {
	rest, ok := bytes.CutPrefix(line, f.head)
	if !ok {
		return r, unmatched
	}
	var args []byte
	for i, v := range f.fields {
		value := rest
		switch {
		case len(v.then) > 0:
			var found bool
			if value, rest, found = bytes.Cut(rest, v.then); !found {
				return r, unmatched
			}
		case i+1 < len(f.fields):
			return r, unmatched
		}
		switch v.name {
		case "request":
			if !r.line(value) {
				return r, noRequest
			}
		case "request_method":
			r.method = value
		case "request_uri", "uri":
			r.target = value
		case "args", "query_string":
			args = value
		case "status":
			r.status = statusOf(value)
		case "host", "http_host", "server_name":
			r.host = value
		}
	}
	if len(args) > 0 && !bytes.Equal(args, []byte("-")) && bytes.IndexByte(r.target, '?') < 0 {
		r.target = slices.Concat(r.target, []byte("?"), args)
	}
	return r, r.wrong()
}
