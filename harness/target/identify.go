package target

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"leakhunt/harness/proc"
)

// Identity is what a process is, as far as can be seen from outside; "" where
// it is not recognised.
type Identity struct {
	Server  string // "puma", "unicorn", "gunicorn", "uwsgi", "php-fpm", "passenger", …
	Runtime string // "ruby", "node", "python", "go", "java", "php", "perl", "lua"
}

// programs are the names that tell server and runtime. Version numbers at the
// end of a name (ruby3.1, php-fpm8.2) are taken off first.
var programs = map[string]Identity{
	"puma": {"puma", "ruby"}, "pumactl": {"puma", "ruby"}, "unicorn": {"unicorn", "ruby"}, "unicorn_rails": {"unicorn", "ruby"},
	"rackup": {"", "ruby"}, "rails": {"", "ruby"}, "bundle": {"", "ruby"}, "bundler": {"", "ruby"}, "thin": {"thin", "ruby"},
	"falcon": {"falcon", "ruby"}, "ruby": {"", "ruby"}, "rake": {"", "ruby"},
	"gunicorn": {"gunicorn", "python"}, "uvicorn": {"uvicorn", "python"}, "hypercorn": {"hypercorn", "python"},
	"waitress-serve": {"waitress", "python"}, "flask": {"", "python"}, "python": {"", "python"}, "pypy": {"", "python"},
	"uwsgi": {"uwsgi", ""}, "uwsgi-core": {"uwsgi", ""},
	"node": {"", "node"}, "nodejs": {"", "node"}, "npm": {"", "node"}, "npx": {"", "node"}, "yarn": {"", "node"}, "pnpm": {"", "node"}, "next": {"next", "node"},
	"java": {"", "java"},
	"php":  {"", "php"}, "php-fpm": {"php-fpm", "php"},
	"perl": {"", "perl"}, "starman": {"starman", "perl"}, "plackup": {"", "perl"}, "hypnotoad": {"hypnotoad", "perl"},
	"nginx": {"nginx", ""}, "apache2": {"apache", ""}, "httpd": {"apache", ""}, "haproxy": {"haproxy", ""}, "envoy": {"envoy", ""},
	"traefik": {"traefik", "go"}, "caddy": {"caddy", "go"}, "docker-proxy": {"docker-proxy", "go"},
}

// passers pass requests on: the application is another process, unless an
// interpreter in them runs it (mod_php, mod_perl, nginx's Lua module). mod_wsgi's
// may be there for its daemons alone.
var passers = []string{"nginx", "apache", "haproxy", "envoy", "traefik", "caddy", "docker-proxy"}

func (id Identity) passesOn() bool {
	return slices.Contains(passers, id.Server) && !slices.Contains([]string{"php", "perl", "lua"}, id.Runtime)
}

var version = regexp.MustCompile(`[-0-9.]+$`)

func program(word string) (Identity, bool) {
	base := filepath.Base(word)
	if id, ok := programs[base]; ok {
		return id, true
	}
	id, ok := programs[version.ReplaceAllString(base, "")]
	return id, ok
}

// titles are what servers call their processes (setproctitle, $0=).
var titles = []struct {
	form *regexp.Regexp
	Identity
}{
	{regexp.MustCompile(`^puma[: ]`), Identity{"puma", "ruby"}},
	{regexp.MustCompile(`^unicorn(_rails)? (master|worker)`), Identity{"unicorn", "ruby"}},
	{regexp.MustCompile(`^gunicorn: `), Identity{"gunicorn", "python"}},
	{regexp.MustCompile(`^php-fpm: `), Identity{"php-fpm", "php"}},
	{regexp.MustCompile(`^uWSGI `), Identity{"uwsgi", ""}},
	{regexp.MustCompile(`^nginx: `), Identity{"nginx", ""}},
	{regexp.MustCompile(`^Passenger (RubyApp|AppPreloader)`), Identity{"passenger", "ruby"}},
	{regexp.MustCompile(`^Passenger NodeApp`), Identity{"passenger", "node"}},
	{regexp.MustCompile(`^Passenger PythonApp`), Identity{"passenger", "python"}},
	{regexp.MustCompile(`^Passenger `), Identity{"passenger", ""}},
}

// Identify tells what a running process is, by its title or command line and by its
// program. Where an interpreter is a library (uwsgi), it goes by what the process has
// mapped.
func Identify(pid int) Identity {
	argv, _ := proc.Cmdline(pid)
	exe, _ := proc.Exe(pid)
	found := named(argv)
	if id, ok := program(exe); ok && exe != "" {
		if found.Server == "" {
			found.Server = id.Server
		}
		if id.Runtime != "" {
			found.Runtime = id.Runtime
		}
	}
	if found.Runtime == "" && isGo(fmt.Sprintf("/proc/%d/exe", pid)) {
		found.Runtime = "go"
	}
	if found.Runtime == "" {
		found.Runtime = mappedRuntime(pid)
	}
	return found
}

// named goes by a process's title, or by its program and the script it runs:
// arguments after that are the application's.
func named(argv []string) Identity {
	if len(argv) == 0 {
		return Identity{}
	}
	if id := titled(argv[0]); id.Server != "" {
		return id
	}
	found, ok := program(argv[0])
	if !ok || found.Server != "" {
		return found
	}
	for i, word := range argv[1:] {
		if strings.HasPrefix(word, "-") && word != "-m" {
			continue
		}
		if word == "-m" && i+2 < len(argv) {
			word = argv[i+2]
		}
		if id, ok := program(word); ok && id.Runtime == found.Runtime {
			found.Server = id.Server
		}
		break
	}
	return found
}

// titled is the server that calls its process so.
func titled(title string) Identity {
	for _, t := range titles {
		if t.form.MatchString(title) {
			return t.Identity
		}
	}
	return Identity{}
}

var libraries = []struct {
	form    *regexp.Regexp
	runtime string
}{
	{regexp.MustCompile(`/libruby`), "ruby"},
	{regexp.MustCompile(`/libpython|/python3_plugin`), "python"},
	{regexp.MustCompile(`/libjvm\.so`), "java"},
	{regexp.MustCompile(`/libnode\.so`), "node"},
	{regexp.MustCompile(`/libphp`), "php"},
	{regexp.MustCompile(`/mod_perl\.so|/ngx_http_perl_module`), "perl"},
	{regexp.MustCompile(`/mod_lua\.so|/ngx_http_lua_module|/libluajit`), "lua"},
}

func mappedRuntime(pid int) string {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return ""
	}
	for _, l := range libraries {
		if l.form.Match(maps) {
			return l.runtime
		}
	}
	return ""
}

// routes says whether a uwsgi process is its http router: a child of the master
// that lacks a listening socket which another child, a worker, holds.
func routes(pid int) bool {
	all, _, err := proc.Listeners()
	master, err2 := proc.Parent(pid)
	if err != nil || err2 != nil || !sameProgram(pid, master) {
		return false
	}
	for _, l := range all {
		if slices.Contains(l.PIDs, pid) {
			continue
		}
		for _, other := range l.PIDs {
			if p, err := proc.Parent(other); err == nil && p == master {
				return true
			}
		}
	}
	return false
}

func sameProgram(a, b int) bool {
	one, err1 := proc.Exe(a)
	two, err2 := proc.Exe(b)
	return err1 == nil && err2 == nil && one == two
}

// describe names a process in a sentence. Its command line is left out: it may
// hold a password.
func describe(pid int) string {
	id := Identify(pid)
	what := id.Server
	if what == "" {
		exe, err := proc.Exe(pid)
		if err != nil {
			return fmt.Sprintf("pid %d", pid)
		}
		what = filepath.Base(exe)
	}
	if id.Runtime != "" && !strings.HasPrefix(what, id.Runtime) {
		what += ", " + id.Runtime
	}
	return fmt.Sprintf("pid %d (%s)", pid, what)
}
