package project

import (
	"regexp"
	"strings"

	"leakhunt/scenarios"
)

// application is where a file of Python makes its application, and of which kind.
var application = regexp.MustCompile(`(?m)^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(Flask|FastAPI|Starlette|Quart)\(`)

// python finds Django, Flask, and what speaks ASGI.
func python(f folder) []Guess {
	wants := func(name string) bool {
		for _, file := range [...]string{"requirements.txt", "pyproject.toml", "Pipfile", "setup.cfg"} {
			if strings.Contains(strings.ToLower(f.text(file)), name) {
				return true
			}
		}
		return false
	}
	if f.has("manage.py") {
		return []Guess{django(f, wants("gunicorn"))}
	}
	for _, file := range []string{"app.py", "main.py", "wsgi.py", "asgi.py", "application.py", "server.py", "app/main.py", "app/__init__.py"} {
		m := application.FindStringSubmatch(f.text(file))
		if m == nil {
			continue
		}
		app := strings.TrimSuffix(module(file), ".__init__")
		g := Guess{Name: m[2], Why: file}
		switch {
		case m[2] != "Flask":
			g.Name += ", by uvicorn"
			g.Pin.Command = []string{"uvicorn", "--host", "127.0.0.1", "--port", "${PORT}", app + ":" + m[1]}
		case wants("gunicorn"):
			g.Name += ", by gunicorn"
			g.Pin.Command = gunicorn(app + ":" + m[1])
		default:
			g.Name += ", by its own server"
			g.Pin.Command = []string{"flask", "--app", app + ":" + m[1], "run", "--no-reload", "--no-debugger", "--host", "127.0.0.1", "--port", "${PORT}"}
		}
		return []Guess{g}
	}
	return nil
}

func django(f folder, byGunicorn bool) Guess {
	g := Guess{
		Name: "Django, by its own server", Why: "manage.py",
		Note: "with DEBUG = True Django keeps every SQL query, which looks like a leak",
		Pin:  scenarios.Pin{Command: []string{"python3", "manage.py", "runserver", "--noreload", "127.0.0.1:${PORT}"}},
	}
	if found := f.glob("*/wsgi.py"); len(found) == 1 && byGunicorn {
		g.Name = "Django, by gunicorn"
		g.Pin.Command = gunicorn(module(found[0]))
	}
	return g
}

func gunicorn(app string) []string {
	return []string{"gunicorn", "-w", "1", "--max-requests", "0", "-b", "127.0.0.1:${PORT}", app}
}
