package target

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"leakhunt/harness/proc"
)

var (
	poolTitle   = regexp.MustCompile(`^php-fpm: pool (\S+)`)
	masterTitle = regexp.MustCompile(`^php-fpm: master process \((.+)\)`)
)

// fpmPool is the name of the pool that a worker of php-fpm belongs to, or "".
func fpmPool(pid int) string {
	if m := poolTitle.FindStringSubmatch(title(pid)); m != nil {
		return m[1]
	}
	return ""
}

func title(pid int) string {
	argv, err := proc.Cmdline(pid)
	if err != nil {
		return ""
	}
	return strings.Join(argv, " ")
}

// fpmSettings are those of the pool that a worker of php-fpm belongs to, from the
// configuration that its master's title names. It is nil where they cannot be read.
func fpmSettings(worker int) map[string]string {
	pool := fpmPool(worker)
	master, err := proc.Parent(worker)
	if pool == "" || err != nil {
		return nil
	}
	m := masterTitle.FindStringSubmatch(title(master))
	if m == nil {
		return nil
	}
	return fpmSection(m[1], pool, fpmNesting)
}

// fpmNesting is how deep includes are followed; php-fpm itself refuses loops.
const fpmNesting = 3

// fpmSection reads one pool's section in a configuration of php-fpm and the
// files that it includes.
func fpmSection(file, pool string, nesting int) map[string]string {
	raw, err := os.ReadFile(file)
	if err != nil || nesting == 0 {
		return nil
	}
	found := map[string]string{}
	section := ""
	for line := range strings.Lines(string(raw)) {
		line, _, _ = strings.Cut(line, ";")
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[]")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		key, value = strings.TrimSpace(key), strings.Trim(strings.TrimSpace(value), `"'`)
		switch {
		case key == "include":
			files, _ := filepath.Glob(value) // a pattern that is wrong matches nothing
			for _, f := range files {
				maps.Copy(found, fpmSection(f, pool, nesting-1))
			}
		case section == pool:
			found[key] = value
		}
	}
	return found
}
