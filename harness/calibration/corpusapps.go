package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

//go:embed corpus/*.json
var corpusFiles embed.FS

// released is an application of the corpus: one that others wrote and released, started
// as its documentation says. ${CORPUS} in its texts is the folder that corpus/install
// filled, and ${PORT} the port that it is to listen on.
type released struct {
	runtime       string
	Name          string            `json:"name"`
	Version       string            `json:"version"`
	Looked        bool              `json:"looked"`        // it was hunted while leakhunt was being made
	Counter       bool              `json:"counter"`       // leakhunt reads more than RSS there
	Documentation string            `json:"documentation"` // that says how to start it
	Command       []string          `json:"command"`
	Dir           string            `json:"dir"`
	Env           map[string]string `json:"env"`
	Ready         string            `json:"ready"` // the first of URIs unless given
	URIs          []string          `json:"uris"`
	Planted       string            `json:"planted"` // a URI whose request keeps PLANTED_BYTES
	// Guilty are rows that are no innocents, and why: nothing is known of them.
	Guilty map[string]string `json:"guilty"`
}

// plants are how each runtime is made to leak from outside: the environment that loads the
// plant, and what each kept piece takes beyond PLANTED_BYTES. Go's is compiled in.
var plants = map[string]struct {
	env  map[string]string
	more float64
}{
	"ruby":   {env: map[string]string{"RUBYOPT": "-r${CORPUS}/plant/plant.rb"}},
	"python": {env: map[string]string{"PYTHONPATH": "${CORPUS}/plant"}},
	"node":   {env: map[string]string{"NODE_OPTIONS": "--require ${CORPUS}/plant/plant.cjs"}},
	"java":   {env: map[string]string{"JAVA_TOOL_OPTIONS": "-javaagent:${CORPUS}/plant/plant.jar"}},
	"php":    {env: map[string]string{"PHP_INI_SCAN_DIR": ":${CORPUS}/plant/ini"}},
	"go":     {more: 32},
}

// plantedRow is what the planted leak is called in a result.
const plantedRow = "planted"

// corpusApplications are those of the files in corpus/, by runtime and in their order.
func corpusApplications() (all []released, err error) {
	paths, err := fs.Glob(corpusFiles, "corpus/*.json")
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		text, err := corpusFiles.ReadFile(path)
		if err != nil {
			return nil, err
		}
		some, err := parseReleased(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, a := range some {
			if slices.ContainsFunc(all, func(o released) bool { return o.Name == a.Name }) {
				return nil, fmt.Errorf("%s: a second application is called %s", path, a.Name)
			}
		}
		all = append(all, some...)
	}
	return all, nil
}

// parseReleased reads the applications of one runtime.
func parseReleased(text []byte) ([]released, error) {
	var file struct {
		Runtime      string     `json:"runtime"`
		Applications []released `json:"applications"`
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the first object")
	}
	if _, ok := plants[file.Runtime]; !ok {
		return nil, fmt.Errorf("runtime %q is none of %v", file.Runtime, slices.Sorted(maps.Keys(plants)))
	}
	for i := range file.Applications {
		a := &file.Applications[i]
		a.runtime = file.Runtime
		if a.Ready == "" && len(a.URIs) > 0 {
			a.Ready = a.URIs[0]
		}
		if err := a.check(); err != nil {
			return nil, fmt.Errorf("application %d, %q: %w", i+1, a.Name, err)
		}
	}
	return file.Applications, nil
}

// check says what the entry lacks.
func (a released) check() error {
	texts := append(slices.Collect(maps.Values(a.Env)), a.Command...)
	switch {
	case a.Name == "" || strings.ContainsAny(a.Name, "/ |,"):
		return errors.New("its name is to be a file's and a table's: not empty, without /, |, a comma or a space")
	case a.Version == "" || a.Documentation == "":
		return errors.New("it needs a version, and the documentation that says how to start it")
	case len(a.Command) == 0 || !strings.Contains(strings.Join(texts, " "), "${PORT}"):
		return errors.New("it needs a command, with ${PORT} in it or in env")
	case len(a.URIs) < 2:
		return errors.New("it needs two URIs at least, beside the planted one")
	case a.Planted != "" && !strings.Contains(a.Planted, "planted=1"):
		return fmt.Errorf("planted: %s has no planted=1 in its query", a.Planted)
	case slices.Contains(a.URIs, a.Planted):
		return fmt.Errorf("planted: %s is among the innocents too", a.Planted)
	}
	for row, why := range a.Guilty {
		if why == "" || !slices.Contains(a.URIs, row) && row != "new visitor" && row != "every request" {
			return fmt.Errorf("guilty: %q is to be one of its rows, with a reason", row)
		}
	}
	return nil
}
