package report

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"leakhunt/harness/record"
)

// maxSource is the size up to which a source file is read.
const maxSource = 4 << 20

// source reads a file that a site names from the first of the roots that has it.
// Paths come from the measured process: what leads out of a root, through ".." or a
// link, is not read.
func (o Options) source(file string) (text []byte, ok bool) {
	for _, name := range o.names(file) {
		for _, root := range o.SourceRoots {
			text, err := readFrom(root, name)
			if err != nil {
				continue
			}
			if o.Redact != nil {
				text = o.Redact(text)
			}
			return text, true
		}
	}
	return nil, false
}

// place is where a file that a site names is, without reading it.
func (o Options) place(file string) (path string, ok bool) {
	for _, name := range o.names(file) {
		for _, root := range slices.Concat(o.SourceRoots, o.PlaceRoots) {
			if name, err := inside(root, name); err == nil {
				return filepath.Join(root, name), true
			}
		}
	}
	return "", false
}

// names are the paths that a file may have: a relative one is the process's.
func (o Options) names(file string) []string {
	if o.appDir != "" && !filepath.IsAbs(file) {
		return []string{filepath.Join(o.appDir, file), file}
	}
	return []string{file}
}

// sources are the endings of files that hold a program.
var sources = regexp.MustCompile(`(?i)\.(rb|rake|ru|erb|haml|slim|rhtml|rabl|jbuilder|py|pyx|js|mjs|cjs|jsx|ts|mts|cts|tsx|vue|svelte|go|java|kt|kts|scala|groovy|clj|php|phtml|twig|c|h|cc|cpp|cxx|hpp|rs|ex|exs|erl|lua|pl|pm|cs|fs|swift|dart)$`)

// isSource says that a file, by its path from a root, may be shown: a result names files, and its author may
// have meant a password of this folder. What is hidden, or no program, stays unread.
func isSource(file string) bool {
	for part := range strings.SplitSeq(filepath.ToSlash(filepath.Clean(file)), "/") {
		if strings.HasPrefix(part, ".") && part != ".." {
			return false
		}
	}
	return sources.MatchString(file)
}

// inside is the path from root of a source file there, by that path or by an absolute
// one that leads into root. A process's own paths are told without symbolic links.
func inside(root, name string) (string, error) {
	if filepath.IsAbs(name) {
		abs, err := filepath.Abs(root)
		if err != nil {
			return "", err
		}
		rel, err := filepath.Rel(abs, name)
		if err != nil {
			return "", err
		}
		if resolved, err := filepath.EvalSymlinks(abs); err == nil && !filepath.IsLocal(rel) {
			if rel, err = filepath.Rel(resolved, name); err != nil {
				return "", err
			}
		}
		name = rel
	}
	if !isSource(name) {
		return "", os.ErrPermission
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return "", err
	}
	defer dir.Close()
	info, err := dir.Stat(name)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxSource) { // a pipe would hang
		err = os.ErrInvalid
	}
	return name, err
}

// readFrom reads a file as inside has it.
func readFrom(root, name string) ([]byte, error) {
	name, err := inside(root, name)
	if err != nil {
		return nil, err
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	f, err := dir.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSource))
}

// sourceLine is one line of a source file.
type sourceLine struct {
	Number int
	Text   string
	Hit    bool
}

// excerpt is the lines around the one given; nil where there is no such line.
func excerpt(text []byte, line int) []sourceLine {
	const around = 3
	lines := bytes.Split(text, []byte("\n"))
	if line < 1 || line > len(lines) {
		return nil
	}
	var out []sourceLine
	for n := max(1, line-around); n <= min(len(lines), line+around); n++ {
		t := bytes.ReplaceAll(bytes.TrimSuffix(lines[n-1], []byte("\r")), []byte("\t"), []byte("    "))
		out = append(out, sourceLine{n, cut(clean(string(t)), 200), n == line})
	}
	return out
}

// cut shortens text to so many characters at its end.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// position is a frame: "file:line", then nothing or a function. A file's name
// may hold colons and spaces.
var position = regexp.MustCompile(`^(.+?):(\d+)(?::\d+)?(?: .*)?$`)

// culpritAt is the file and line of culprit.
func culpritAt(s record.Site) (file string, line int) {
	if m := position.FindStringSubmatch(s.Caller); m != nil {
		if n, err := strconv.Atoi(m[2]); err == nil {
			return m[1], n
		}
	}
	return s.File, s.Line
}
