package scenarios

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/andybalholm/cascadia"
	"gopkg.in/yaml.v3"
)

// The values of Runtime.Kind. Those in bareRuntimes need no setting, so that
// their name alone is enough.
var (
	bareRuntimes = []string{"auto", "none", "node", "go", "jvm"}
	allRuntimes  = []string{"agent", "node", "puma", "go", "jvm"}
)

const defaultPprof = "/debug/pprof"

// runtime reads a name, or a mapping of one name to its settings.
func (d *decoder) runtime(r *Runtime) reader {
	return func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode {
			d.bareRuntime(r, n)
		} else {
			found := d.mapping(n, d.runtimeFields(r))
			if r.Kind = d.only(found, allRuntimes...); r.Kind == "" && n.Kind == yaml.MappingNode && len(n.Content) == 0 {
				d.problem(n, "write auto, none, or one of agent:, node:, puma:, go:, jvm:", "no runtime is named")
			}
		}
		if r.Kind == "go" && r.Pprof == "" {
			r.Pprof = defaultPprof
		}
	}
}

func (d *decoder) bareRuntime(r *Runtime, n *yaml.Node) {
	s, ok := d.scalar(n, "a runtime", "")
	switch {
	case !ok:
	case s.text == "agent":
		d.problem(n, "write runtime: {agent: {socket: /run/leakhunt/shop}}", "agent needs the path of its socket")
	case s.text == "puma":
		d.problem(n, `write runtime: {puma: {control_url: "tcp://127.0.0.1:9293", token: "${TOKEN}"}}`, "puma needs its control_url")
	default:
		d.enum(&r.Kind, bareRuntimes...)(n)
	}
}

func (d *decoder) runtimeFields(r *Runtime) fields {
	empty := func(n *yaml.Node) { d.mapping(n, fields{}) }
	return fields{
		"agent": func(n *yaml.Node) { d.mapping(n, d.agentFields(r), "socket") },
		"puma":  func(n *yaml.Node) { d.mapping(n, d.pumaFields(r), "control_url") },
		"go":    func(n *yaml.Node) { d.mapping(n, d.goFields(r)) },
		"node":  empty,
		"jvm":   empty,
	}
}

func (d *decoder) agentFields(r *Runtime) fields {
	return fields{"socket": d.text(&r.Socket, absolute)}
}

func (d *decoder) pumaFields(r *Runtime) fields {
	return fields{
		"control_url": d.text(&r.ControlURL, matches(regexp.MustCompile(`^(?:tcp|unix|https?)://.`),
			"this is no URL of puma's control app", "write tcp://127.0.0.1:9293 or unix:///run/puma.sock")),
		"token": func(n *yaml.Node) {
			d.hideWritten(n.Value)
			d.plain(&r.Token, notEmpty, longEnough)(n)
		},
	}
}

func (d *decoder) goFields(r *Runtime) fields {
	return fields{"pprof": d.text(&r.Pprof, checkURI, noPlaceholder)}
}

// settle reads the hook that makes freed memory visible.
func (d *decoder) settle(dst **Settle) reader {
	return func(n *yaml.Node) {
		s := &Settle{}
		found := d.mapping(n, d.settleFields(s))
		if d.only(found, "uri", "exec") == "" && n.Kind == yaml.MappingNode {
			d.problem(n, "add uri: or exec:", "nothing says how to settle")
		}
		*dst = s
	}
}

func (d *decoder) settleFields(s *Settle) fields {
	return fields{
		"uri":  d.text(&s.URI, checkURI, noPlaceholder),
		"exec": d.later(d.texts(&s.Exec, `write a list: exec: [jcmd, "${PID}", GC.run]`)),
	}
}

// probes reads the application's own counters.
func (d *decoder) probes(dst *[]Probe) reader {
	return func(n *yaml.Node) {
		first := map[string]int{}
		d.list(n, "write a list: probes: [{name: …, uri: …, json: …}]", func(item *yaml.Node) {
			p := Probe{Unit: "units"}
			found := d.mapping(item, d.probeFields(&p), "name", "uri")
			if d.only(found, "json", "prometheus") == "" && item.Kind == yaml.MappingNode {
				d.problem(item, "add json: with a path such as gc.live, or prometheus: with the name of a metric", "nothing says which number is read")
			}
			if line := first[p.Name]; line > 0 && p.Name != "" {
				d.problem(found["name"], "choose another", "this name is taken by the probe on line %d", line)
			} else {
				first[p.Name] = item.Line
			}
			*dst = append(*dst, p)
		})
	}
}

var metricForm = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*(?:\{.*\})?$`)

func (d *decoder) probeFields(p *Probe) fields {
	return fields{
		"name": d.text(&p.Name, notEmpty, oneLine),
		"uri":  d.text(&p.URI, checkURI, noPlaceholder),
		"json": d.text(&p.JSON, checkJSONPath),
		"prometheus": d.text(&p.Prometheus, matches(metricForm, "this is no name of a metric",
			"write a name such as go_memstats_heap_alloc_bytes")),
		"unit": d.text(&p.Unit, notEmpty, oneLine),
	}
}

func (d *decoder) limitFields(l *Limits) fields {
	return fields{"rss": d.size(&l.RSS), "time": d.duration(&l.Time), "errors": d.share(&l.Errors)}
}

// budgets reads budgets by glob, in the order of the file.
func (d *decoder) budgets(dst *[]Budget) reader {
	return func(n *yaml.Node) {
		d.pairs(n, "write glob: size, such as budgets: {\"/api/*\": 1KiB}", func(key, value *yaml.Node) {
			b := Budget{Match: key.Value}
			if wrong, fix := checkGlob(key.Value); wrong != "" {
				d.problem(key, fix, "%s", wrong)
			}
			d.size(&b.Bytes)(value)
			*dst = append(*dst, b)
		})
	}
}

func checkJSONPath(text string) (wrong, fix string) {
	const form = "write keys and list indexes with dots between them: a.b.0.c"
	switch {
	case strings.HasPrefix(text, "$"):
		return "this path begins with $", "leave the $. out: " + form
	case slices.Contains(strings.Split(text, "."), ""):
		return "this path has an empty part", form
	case strings.ContainsAny(text, "[]"):
		return "this path has brackets", form
	}
	return "", ""
}

func checkSelector(text string) (wrong, fix string) {
	if _, err := cascadia.ParseGroup(text); err != nil {
		return "this is no CSS selector", "write one such as meta[name=csrf-token] or #login input.token"
	}
	return "", ""
}

func checkRegexp(text string) (wrong, fix string) {
	_, err := regexp.Compile(text)
	var e *syntax.Error
	if !errors.As(err, &e) {
		return "", ""
	}
	// The error's own text repeats the expression.
	return "this is no regular expression: " + e.Code.String(), `write one in Go's syntax (RE2), such as token=(\w+); in single quotes \ stays as it is`
}
