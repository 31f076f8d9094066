package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"leakhunt/harness/result"
	"leakhunt/harness/units"
	"leakhunt/scenarios"
)

// maxAnnotations is one less than GitHub shows for a step; the last one says
// how many more there are.
const maxAnnotations = 9

// writeGitHub writes workflow commands of GitHub Actions. It writes an error for a run
// that ended before its time, for each reason to fail and for each URI whose requests
// failed. It writes a warning for what is inconclusive where the gate asks for it. Each
// points at the line that keeps the memory where it is known and can be found, or else
// at the scenario's.
func writeGitHub(w io.Writer, r *result.Result, o Options) error {
	outcome := Decide(r, o.FailOn, o.Comparison)
	var lines []string
	if outcome.Ended != "" {
		lines = append(lines, "::error title=leakhunt::"+ghData(cut(clean(outcome.Ended), 2000)))
	}
	for _, f := range outcome.Failing {
		lines = append(lines, annotation("error", f.URI, f.Kind, f.Message, r, o))
	}
	for _, u := range outcome.Errors {
		lines = append(lines, annotation("error", u, "requests failed", why(u), r, o))
	}
	for _, u := range outcome.Inconclusive {
		lines = append(lines, annotation("warning", u, "inconclusive", why(u), r, o))
	}
	if n := len(lines) - maxAnnotations; n > 0 {
		more := fmt.Sprintf("::error title=leakhunt::%s more: see the report", units.Count(n))
		lines = append(lines[:maxAnnotations], more)
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, l); err != nil {
			return err
		}
	}
	return nil
}

// annotation is one workflow command. Its message ends with the line to look
// at, since the annotation may have to point at the scenario.
func annotation(level string, u *result.URI, kind, message string, r *result.Result, o Options) string {
	if len(u.Sites) > 0 {
		message += " At " + siteText(u.Sites[0])
	}
	var b strings.Builder
	fmt.Fprintf(&b, "::%s ", level)
	if file, line := pointAt(u, r, o); file != "" {
		fmt.Fprintf(&b, "file=%s,", ghProperty(file))
		if line > 0 {
			fmt.Fprintf(&b, "line=%d,", line)
		}
	}
	fmt.Fprintf(&b, "title=%s::%s", ghProperty(cut(kind+": "+clean(label(u)), 120)), ghData(cut(clean(message), 2000)))
	return b.String()
}

// pointAt is the place an annotation belongs to. GitHub takes paths from the
// top of the repository alone.
func pointAt(u *result.URI, r *result.Result, o Options) (file string, line int) {
	for _, s := range u.Sites {
		file, line := culpritAt(s)
		if path, ok := o.place(file); ok {
			if path = fromBase(path, o.Base); filepath.IsLocal(path) {
				return filepath.ToSlash(path), line
			}
		}
	}
	path := o.ScenarioPath
	if path == "" {
		path = r.Scenario.Path
	}
	if !scenarios.InFile(path) {
		return "", 0 // the demo, or a URL
	}
	return filepath.ToSlash(fromBase(path, o.Base)), u.Line
}

// fromBase is a path seen from the base, or from the folder leakhunt was started
// in, which a relative path is told from. Links are resolved where that helps.
func fromBase(path, base string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if base == "" {
		base = here
	}
	if !filepath.IsAbs(path) {
		if base == here {
			return path
		}
		path = filepath.Join(here, path)
	}
	if rel, err := filepath.Rel(base, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	realBase, err1 := filepath.EvalSymlinks(base)
	realPath, err2 := filepath.EvalSymlinks(path)
	if rel, err := filepath.Rel(realBase, realPath); err1 == nil && err2 == nil && err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// ghData escapes the text of a workflow command, ghProperty a property of it.
func ghData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func ghProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(ghData(clean(s)))
}
