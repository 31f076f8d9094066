package scenarios

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"leakhunt/harness/fault"
)

// Options say what a scenario is read with.
type Options struct {
	// LookupEnv gives ${VAR} its values; nil means os.LookupEnv.
	LookupEnv func(string) (string, bool)
	// Vars go above those under vars: (--var).
	Vars map[string]string
	// TargetGiven says that the caller names the process (--target, --pid): a
	// scenario without target: is then whole.
	TargetGiven bool
}

// maxFile is how many bytes a scenario may have: about 10,000 URIs. Its tree takes 50
// times as many.
const maxFile = 512 << 10

// Load reads the scenario at path, as Read does. What is wrong in it comes as
// *Errors, all of it at once; every error is a Usage fault.
func Load(path string, opts Options) (*Scenario, error) {
	data, err := Read(path)
	if err != nil {
		return nil, err
	}
	return Parse(data, path, opts)
}

func unreadable(path string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	e := fault.Usagef("cannot read the scenario %s", path).Because(err)
	if errors.Is(err, fs.ErrNotExist) {
		near, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.y*ml"))
		for i := range near {
			near[i] = filepath.Base(near[i])
		}
		if c := fault.Closest(filepath.Base(path), near); c != "" {
			return e.WithHint("Did you mean %s?", filepath.Join(filepath.Dir(path), c))
		}
		return e.WithHint("Give the path of a YAML file; the current folder counts.")
	}
	return e
}

// Parse reads a scenario from data. path names it in errors, and its folder is
// where the files are looked for that the scenario names.
func Parse(data []byte, path string, opts Options) (*Scenario, error) {
	for name := range opts.Vars {
		if wrong, fix := checkName(name); wrong != "" {
			return nil, fault.Usagef("--var %q: %s", name, wrong).WithHint("%s", sentence(fix))
		}
	}
	file := path
	if path == "-" {
		file = "standard input"
	}
	d := &decoder{file: file, lookupEnv: opts.LookupEnv, override: opts.Vars, targetGiven: opts.TargetGiven}
	if d.lookupEnv == nil {
		d.lookupEnv = os.LookupEnv
	}
	for _, l := range bytes.Split(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\n")) {
		d.lines = append(d.lines, strings.TrimSuffix(strings.ToValidUTF8(string(l), "�"), "\r"))
	}
	s := defaults(path)
	sum := sha256.Sum256(data)
	s.SHA256 = hex.EncodeToString(sum[:])
	if root := d.document(data); root != nil {
		d.scenario(s, root)
	}
	if len(d.problems) > 0 {
		return nil, &Errors{tidy(d.redacted())}
	}
	return s, nil
}

func defaults(path string) *Scenario {
	base := filepath.Base(path)
	name := strings.TrimSuffix(base, filepath.Ext(base))
	if path == "-" {
		name = "stdin"
	}
	return &Scenario{
		Version: 1, Name: name, Path: path,
		Requests: Count{Auto: true}, Rounds: 5, Warmup: Count{Auto: true}, Metric: MetricRSS,
		Timeout: 30 * time.Second, Vars: map[string]string{}, Runtime: Runtime{Kind: "auto"},
		Limits: Limits{Time: 15 * time.Minute}, Sites: SitesAuto, Strategy: "auto",
	}
}

// scenario reads the whole tree.
func (d *decoder) scenario(s *Scenario, root *yaml.Node) {
	in := &inliner{d: d}
	root = in.node(root)
	if in.failed {
		return
	}
	found := d.mapping(root, d.scenarioFields(s))
	if root.Kind == yaml.MappingNode && found["target"] == nil && !d.targetGiven {
		d.noTarget(root)
	}
	if root.Kind == yaml.MappingNode && found["uris"] == nil {
		d.problem(root, urisForm, "no uris: nothing here says what is measured")
	}
	if wrong, fix := s.Unisolated(); wrong != "" && !d.targetGiven {
		d.problem(found["isolate"], fix, "%s", wrong)
	}
	if wrong, fix := s.Unscannable(); wrong != "" && found["strategy"] != nil {
		d.problem(found["strategy"], fix, "%s", wrong)
	}
	if wrong, fix := s.Crowded(); wrong != "" && found["lanes"] != nil && !d.targetGiven {
		d.problem(found["lanes"], fix, "%s", wrong)
	}
	maps.Copy(s.Vars, d.override)
	d.resolveSecrets(s)
	d.checkPlaceholders(s.Vars)
}

func (d *decoder) scenarioFields(s *Scenario) fields {
	return fields{
		"version":  d.version(&s.Version),
		"name":     d.text(&s.Name, notEmpty, oneLine),
		"target":   d.target(&s.Target),
		"requests": d.count(&s.Requests, 1),
		"rounds":   whole(d, &s.Rounds, 1, maxCount),
		"warmup":   d.count(&s.Warmup, 0),
		"metric":   d.enum(&s.Metric, MetricRSS, MetricAnon),
		"headers":  d.headers(&s.Headers, 0),
		"timeout":  d.duration(&s.Timeout),
		"vars":     d.vars(s.Vars),
		"secrets":  d.secrets,
		"data":     d.data(&s.Data),
		"before":   d.before(&s.Before),
		"uris":     d.uris(&s.URIs),
		"runtime":  d.runtime(&s.Runtime),
		"settle":   d.settle(&s.Settle),
		"probes":   d.probes(&s.Probes),
		"limits":   func(n *yaml.Node) { d.mapping(n, d.limitFields(&s.Limits)) },
		"sites":    d.enum(&s.Sites, SitesAuto, SitesOff, SitesRetainers),
		"strategy": d.enum(&s.Strategy, "auto", "sweep", "scan"),
		"isolate":  d.flag(&s.Isolate),
		"lanes":    whole(d, &s.Lanes, 1, maxLanes),
		"seed":     whole(d, &s.Seed, 0, 1<<62),
		"budgets":  d.budgets(&s.Budgets),
	}
}

// maxLanes is how many lanes a run may have, as a record has it.
const maxLanes = 64

func (d *decoder) version(dst *int) reader {
	return func(n *yaml.Node) {
		before := len(d.problems)
		whole(d, dst, 0, maxCount)(n)
		if len(d.problems) == before && *dst != 1 {
			d.problem(n, "write version: 1, or use a leakhunt that knows this version", "this leakhunt reads version 1 of the format")
		}
	}
}

// File is the path of a file that the scenario names (body_file:, dir:): it is
// relative to the folder of the scenario, not to the current one.
func (s *Scenario) File(name string) string { return beside(s.Path, name) }

func beside(file, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}
