package runtimes

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Local is sites with shorter paths: the application's own files as seen from
// root, its folder ("" where that is not known), a library's from its package
// on: "rack/session/pool.rb". Names of evaluated code stay as they are.
func Local(sites []Site, root string) []Site {
	out := make([]Site, len(sites))
	for i, s := range sites {
		s.File = local(s.File, root)
		s.Caller = localFrame(s.Caller, root)
		stack := s.Stack
		s.Stack = nil
		for _, f := range stack {
			s.Stack = append(s.Stack, localFrame(f, root))
		}
		held := s.RetainedBy
		s.RetainedBy = []string{} // never null in a result
		for _, step := range held {
			if file, rest, ok := strings.Cut(step, ": "); ok && filepath.IsAbs(file) {
				step = local(file, root) + ": " + rest
			}
			s.RetainedBy = append(s.RetainedBy, step)
		}
		out[i] = s
	}
	return out
}

// framed is a frame as text: "file:line", then nothing or a function. A file's
// name may hold colons and spaces.
var framed = regexp.MustCompile(`^(.+)(:\d+(?: .*)?)$`)

func localFrame(text, root string) string {
	m := framed.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	return local(m[1], root) + m[2]
}

func local(file, root string) string {
	switch Owner(file) {
	case OwnerLibrary:
		return inPackage(file)
	case OwnerRuntime:
		if _, rest, ok := strings.Cut(file, "/go/src/"); ok {
			return rest // as Go's own documentation names it: net/http/server.go
		}
		return file
	}
	if root == "" || root == "/" || Evaluated(file) {
		return file
	}
	if strings.HasSuffix(file, ".java") && !filepath.IsAbs(file) {
		return javaSource(file, root)
	}
	if !filepath.IsAbs(file) {
		return filepath.Clean(file)
	}
	if rel, ok := under(root, file); ok {
		return rel
	}
	// A process's folder is told without symbolic links, a file's name with them.
	if resolved, err := filepath.EvalSymlinks(file); err == nil {
		if rel, ok := under(root, resolved); ok {
			return rel
		}
	}
	return file
}

func under(root, file string) (string, bool) {
	rel, err := filepath.Rel(root, file)
	return rel, err == nil && filepath.IsLocal(rel)
}

// inPackage is a library's file without the folder that packages are in. The
// last such folder counts: one package may bring others with it.
func inPackage(file string) string {
	from := 0
	for _, p := range libraryParts {
		if i := strings.LastIndex(file, p); i >= 0 {
			from = max(from, i+len(p))
		}
	}
	return file[from:]
}

// javaSource finds a class's file in the folders that build tools keep sources
// in; a JVM tells the path from there on.
func javaSource(file, root string) string {
	for _, dir := range []string{"", "src/main/java", "src", "app/src/main/java"} {
		at := filepath.Join(dir, file)
		if info, err := os.Stat(filepath.Join(root, at)); err == nil && info.Mode().IsRegular() {
			return at
		}
	}
	return file
}

// Evaluated says that a site's file is no file: its code was evaluated from a
// string. Runtimes name such code (eval), <string> or evalmachine.<anonymous>.
func Evaluated(file string) bool {
	return strings.HasPrefix(file, "(") || strings.HasPrefix(file, "<") || strings.HasPrefix(file, "evalmachine.")
}
