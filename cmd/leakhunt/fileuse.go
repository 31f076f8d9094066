package main

import (
	"cmp"
	"os"
	"path/filepath"

	"leakhunt/harness/fault"
)

// fileUse are the files that a command reads, and the places that it writes to: no output
// may cost another one, or what was read.
type fileUse struct {
	read    []string
	written []written
	renewed string // the baseline: a new result may take its place
}

// written is what goes to a place: an output, or the journal.
type written struct {
	what string
	path string // "" is standard output
	flag string // sends it elsewhere
}

// reads takes note of a file that is read. The error is that something would be written there.
func (p *fileUse) reads(path string) error {
	for _, w := range p.written {
		if err := p.clash(path, w); err != nil {
			return err
		}
	}
	p.read = append(p.read, path)
	return nil
}

// writes takes note of what goes to a place. The error is that this is taken.
func (p *fileUse) writes(what, path, flag string) error {
	w := written{what, path, flag}
	for _, other := range p.written {
		if path == other.path || path != "" && other.path != "" && same(path, other.path) {
			return fault.Usagef("both %s and %s would go to %s", other.what, what, cmp.Or(printable(path), "standard output")).
				WithHint("Send one of them to a file of its own: %s.", flag)
		}
	}
	for _, in := range p.read {
		if err := p.clash(in, w); err != nil {
			return err
		}
	}
	p.written = append(p.written, w)
	return nil
}

func (p *fileUse) clash(in string, w written) error {
	if w.path == "" || !same(in, w.path) || w.what == "json" && in == p.renewed {
		return nil
	}
	return fault.Usagef("%s would go to %s, which is read", w.what, printable(in)).
		WithHint("Send it to a file of its own: %s.", w.flag)
}

// same says that two paths name one file, or will. A device, such as /dev/null, takes two.
func same(a, b string) bool {
	if x, err := os.Stat(a); err == nil {
		if y, err := os.Stat(b); err == nil {
			return os.SameFile(x, y) && x.Mode()&os.ModeDevice == 0
		}
	}
	return leadsTo(a) == leadsTo(b)
}

// leadsTo is where a path leads, also one that leads to no file yet.
func leadsTo(path string) string {
	const most = 40 // as in Linux
	for range most {
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path))
	}
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}
