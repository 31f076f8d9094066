package report

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
)

// Sink is one output that was asked for: a format, and where it goes.
type Sink struct {
	Format string
	Path   string // "" is standard output
}

// ParseSink reads FORMAT or FORMAT=PATH; "-" as PATH is standard output. The
// error is a usage fault.
func ParseSink(s string) (Sink, error) {
	name, path, given := strings.Cut(s, "=")
	if !slices.Contains(Formats(), name) {
		return Sink{}, unknownFormat(name)
	}
	if given && path == "" {
		return Sink{}, fault.Usagef("no path after %q", s).
			WithHint("Write %s=FILE, or %s alone for standard output.", name, name)
	}
	if path == "-" {
		path = ""
	}
	return Sink{Format: name, Path: path}, nil
}

// WriteAll renders r into every sink. A sink that fails does not stop the
// others; all errors are joined. What goes to a path has
// no colour, and not the width of this terminal.
func WriteAll(sinks []Sink, stdout io.Writer, r *result.Result, o Options) error {
	return each(sinks, stdout, o, func(w io.Writer, format string, o Options) error { return Write(w, format, r, o) })
}

func each(sinks []Sink, stdout io.Writer, o Options, write func(io.Writer, string, Options) error) error {
	var errs []error
	for _, s := range sinks {
		if s.Path == "" {
			errs = append(errs, write(stdout, s.Format, o))
			continue
		}
		plain := o
		plain.Color, plain.Width = false, 0
		errs = append(errs, WriteFile(s.Path, func(w io.Writer) error { return write(w, s.Format, plain) }))
	}
	return errors.Join(errs...)
}

// CheckPath says, before there is anything to write, what would keep WriteFile
// from writing path; nil where nothing does. It leaves nothing behind.
func CheckPath(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return unwritable(path, syscall.EISDIR)
	case err == nil && !info.Mode().IsRegular():
		return nil // opening a pipe would wait for its reader
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return unwritable(path, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// WriteFile makes path hold what render writes, wholly or not at all: a reader
// never sees half a report, and a failure leaves an older one as it was.
// What is no regular file (a device, a pipe, a FIFO) is written to directly.
func WriteFile(path string, render func(io.Writer) error) error {
	err := writeFile(path, render)
	if err == nil {
		return nil
	}
	return unwritable(path, err)
}

func unwritable(path string, err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err // its path may be that of the temporary file
	}
	return fault.Usagef("cannot write %s", clean(path)).Because(err).
		WithHint("Name a file in a folder that exists and that you may write to.")
}

func writeFile(path string, render func(io.Writer) error) (err error) {
	perm := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return writeInto(path, render)
		}
		perm = info.Mode().Perm()
		// A rename would put a file in the place of a link to it.
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	f, err := unnamed(path)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	err = errors.Join(render(b), b.Flush(), f.Chmod(perm), f.sync())
	if err == nil {
		err = f.replace(path)
	}
	return errors.Join(err, f.Close())
}

func writeInto(path string, render func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(once(f, nil, render), f.Close())
}
