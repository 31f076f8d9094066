package scenarios

import (
	"net"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"leakhunt/harness/fault"
)

func (d *decoder) targetFields(t *Target) fields {
	return fields{
		"demo": func(n *yaml.Node) { d.mapping(n, d.demoFields()) },
		"url": func(n *yaml.Node) {
			d.hidePassword(n.Value)
			d.text(&t.URL, checkTargetURL)(n)
		},
		"pid":      whole(d, &t.PID, 1, maxCount),
		"insecure": d.flag(&t.Insecure),
		"command":  d.later(d.texts(&t.Command, `write a list: command: [puma, -w, "0"]`)),
		"dir":      d.text(&t.Dir, notEmpty),
		"env":      d.later(d.env(&t.Env)),
		"port":     whole(d, &t.Port, 1, maxPort),
		"ready": func(n *yaml.Node) {
			d.mapping(n, d.readyFields(&t.Ready))
		},
		"restarts": whole(d, &t.Restarts, 0, maxRestarts),
		"tighten":  d.flag(&t.Tighten),
		"passenger": func(n *yaml.Node) {
			t.Passenger = &Passenger{Protocol: "auto"}
			d.mapping(n, d.passengerFields(t.Passenger))
		},
		"fastcgi": func(n *yaml.Node) {
			t.FastCGI = &FastCGI{Index: "index.php"}
			d.mapping(n, d.fastcgiFields(t.FastCGI), "address", "root")
		},
	}
}

const maxPort = 65535

// maxRestarts bounds target.restarts: a run that needs more has a crash loop.
const maxRestarts = 100

// demoFields is empty: the demo has no settings.
func (d *decoder) demoFields() fields { return fields{} }

func (d *decoder) readyFields(r *Ready) fields {
	return fields{"uri": d.text(&r.URI, checkURI, noPlaceholder), "timeout": d.duration(&r.Timeout)}
}

func (d *decoder) passengerFields(p *Passenger) fields {
	return fields{
		"app":            d.text(&p.App, notEmpty),
		"instance":       d.plain(&p.Instance, notEmpty),
		"pid":            whole(d, &p.PID, 1, maxCount),
		"protocol":       d.enum(&p.Protocol, "auto", "http", "session"),
		"status_command": d.texts(&p.StatusCommand, "write a list: [sudo, passenger-status, --show=xml]"),
	}
}

func (d *decoder) fastcgiFields(f *FastCGI) fields {
	return fields{
		"address": d.text(&f.Address, checkFastCGI),
		"root":    d.text(&f.Root, absolute),
		"index":   d.text(&f.Index, notEmpty),
	}
}

// target reads the target and which kind it is of.
func (d *decoder) target(t *Target) reader {
	return func(n *yaml.Node) {
		*t = Target{Tighten: true, Ready: Ready{Timeout: 60 * time.Second}}
		found := d.mapping(n, d.targetFields(t))
		if n.Kind == yaml.MappingNode {
			d.kind(n, t, found)
		}
	}
}

// kind finds the one way in which the target names its process, and refuses
// keys that mean nothing to it.
func (d *decoder) kind(n *yaml.Node, t *Target, found keys) {
	ways := []string{"demo", "url", "passenger", "fastcgi"}
	if found["passenger"] == nil {
		ways = append(ways, "command") // with passenger: Passenger Standalone, started for the run
	}
	before := len(d.problems)
	t.Kind = d.only(found, ways...)
	for i := before; i < len(d.problems); i++ {
		d.problems[i].Message = "two targets: " + d.problems[i].Message
	}
	if t.Kind == "" {
		d.noTarget(n)
		return
	}
	d.needs(found, "pid", "url", "name the process with url:, or write pid: inside passenger:")
	d.needs(found, "insecure", "url", "it means the certificate of an https:// url:")
	for _, key := range []string{"dir", "env", "port", "ready", "restarts", "tighten"} {
		d.needs(found, key, "command", "it means a process that leakhunt starts itself")
	}
	if found["insecure"] != nil && t.Insecure && t.URL != "" && !strings.HasPrefix(t.URL, "https:") {
		d.problem(found["insecure"], "leave it out, or write url: https://…", "insecure: means nothing without https")
	}
}

func (d *decoder) noTarget(n *yaml.Node) {
	d.problem(n, `write target: with one of url:, command:, passenger:, fastcgi:, demo:, such as target: {url: "http://127.0.0.1:3000"}; or run with --target URL`,
		"no target: nothing here says which process is pinned")
}

// needs refuses a key that means nothing without another.
func (d *decoder) needs(found keys, key, other, fix string) {
	if found[key] != nil && found[other] == nil {
		d.problem(found[key], fix, "%s: means nothing without %s:", key, other)
	}
}

var envForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (d *decoder) env(dst *[]string) reader {
	return func(n *yaml.Node) {
		d.pairs(n, "write NAME: value, such as env: {RAILS_ENV: production}", func(key, value *yaml.Node) {
			if !envForm.MatchString(key.Value) {
				d.problem(key, "use letters, digits and _, such as RAILS_ENV", "this is no name of an environment variable")
			}
			var s string
			d.plain(&s, noNUL)(value)
			*dst = append(*dst, key.Value+"="+s)
		})
	}
}

func noNUL(text string) (wrong, fix string) {
	if strings.Contains(text, "\x00") {
		return "the text holds a NUL character", "no process can be given one: leave it out"
	}
	return "", ""
}

func noPlaceholder(text string) (wrong, fix string) {
	if strings.Contains(text, "{{") {
		return "{{…}} is not filled here", "write the value itself, or ${NAME} for one from the environment"
	}
	return "", ""
}

func absolute(text string) (wrong, fix string) {
	if !path.IsAbs(text) {
		return "the path is not absolute", "write it from the / on"
	}
	return "", ""
}

// CheckTargetURL says what is wrong with a target's URL that does not stand in a
// scenario. Errors are Usage faults, without any part of it.
func CheckTargetURL(text string) error {
	if wrong, fix := checkTargetURL(text); wrong != "" {
		return fault.Usagef("%s", wrong).WithHint("%s", sentence(fix))
	}
	return nil
}

// checkTargetURL says what is wrong with a target's URL, without any part of
// it: it may hold a password.
func checkTargetURL(text string) (wrong, fix string) {
	const form = "write http://127.0.0.1:3000, https://host, or http+unix:///run/app.sock"
	u, err := url.Parse(text)
	if err != nil {
		return "this is not a URL", form
	}
	switch {
	case u.User != nil:
		return "a URL here holds no user and no password", `send them in headers: {Authorization: "Basic ${…}"}`
	case u.RawQuery != "" || u.Fragment != "":
		return "a target has no query and no fragment", "they belong to the requests, under uris:"
	case u.Scheme == "http+unix":
		if u.Host != "" || u.Path == "" || u.Path == "/" {
			return "the path of the socket is missing or does not begin with /", "write three slashes: http+unix:///run/app.sock"
		}
		return "", ""
	case u.Scheme != "http" && u.Scheme != "https":
		return "the URL does not begin with http://, https:// or http+unix://", form
	case u.Hostname() == "":
		return "the URL names no host", form
	case u.Path != "" && u.Path != "/":
		return "a target has no path", "the path belongs to the requests, under uris:"
	case u.Port() != "" && !validPort(u.Port()):
		return "there is no such port", "ports go from 1 to 65535"
	}
	return "", ""
}

func checkFastCGI(text string) (wrong, fix string) {
	if socket, ok := strings.CutPrefix(text, "unix:"); ok {
		return absolute(socket)
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || !validPort(port) {
		return "this is no address of a FastCGI server", "write unix:/run/php/shop.sock or 127.0.0.1:9000"
	}
	return "", ""
}

func validPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= maxPort
}
