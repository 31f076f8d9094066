//go:build live

package runtimes

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// listed asks the agent for its routes, as METHOD PATH, and where each is handled.
func listed(t *testing.T, a *app, framework string) (all []string, at map[string]string) {
	t.Helper()
	found, err := a.agent(t).Routes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at = map[string]string{}
	for _, r := range found {
		if r.Framework != framework {
			t.Errorf("%+v is no route of %s", r, framework)
		}
		key := strings.TrimSpace(r.Method + " " + r.Path)
		all = append(all, key)
		at[key] = r.At()
	}
	slices.Sort(all)
	return all, at
}

// output is what a command of the framework prints, its lines sorted.
func output(t *testing.T, argv ...string) []string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = "testdata/routes"
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	return lines
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("the agent lists\n%s\nthe framework\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// handled checks that a route is handled where the fixture says so.
func handled(t *testing.T, at, file, text string) {
	t.Helper()
	name := filepath.Join("testdata/routes", file)
	want := line(t, name, text)
	path, number, _ := strings.Cut(at, ":")
	if got := path[strings.LastIndexByte(path, '/')+1:]; got != filepath.Base(name) || number != strconv.Itoa(want) {
		t.Errorf("handled at %q, want %s:%d", at, file, want)
	}
}

func TestLiveRoutesOfPython(t *testing.T) {
	const python = "/usr/bin/python3"
	t.Run("flask", func(t *testing.T) {
		t.Parallel()
		a := launch(t, "routes", true, []string{"PYTHONPATH=."}, false, "gunicorn", "-w", "1", "-b", "127.0.0.1:$PORT", "flaskapp:app").serving(t)
		got, at := listed(t, a, "flask")
		var want []string
		for _, l := range output(t, python, "-m", "flask", "--app", "flaskapp", "routes") {
			f := strings.Fields(strings.ReplaceAll(l, ", ", ","))
			if len(f) != 3 || !strings.HasPrefix(f[2], "/") {
				continue // the head
			}
			for _, m := range strings.Split(f[1], ",") {
				want = append(want, m+" "+f[2])
			}
		}
		slices.Sort(want)
		same(t, got, want)
		handled(t, at["GET /orders/<int:id>"], "flaskapp.py", "@app.route(\"/orders/<int:id>\"")
		handled(t, at["POST /cart"], "flaskapp.py", "# fills a cart")
	})
	t.Run("django", func(t *testing.T) {
		t.Parallel()
		a := launch(t, "routes", true, []string{"PYTHONPATH=."}, false, "gunicorn", "-w", "1", "-b", "127.0.0.1:$PORT", "djangoapp:application").serving(t)
		got, at := listed(t, a, "django")
		paths := map[string]bool{}
		for _, r := range got {
			_, path, _ := strings.Cut(r, "/")
			paths["/"+path] = true
		}
		for _, p := range output(t, python, "djangoapp.py") {
			if !paths[p] {
				t.Errorf("Django lists %s, the agent does not: %v", p, got)
			}
			delete(paths, p)
		}
		if len(paths) > 0 {
			t.Errorf("Django does not list %v", paths)
		}
		handled(t, at["GET /shop/orders/<int:pk>/"], "djangoapp.py", "# shows an order")
		handled(t, at["POST /shop/cart"], "djangoapp.py", `@require_http_methods(["POST"])`)
		if at["DELETE /shop/orders/<int:pk>/"] == "" {
			t.Errorf("no DELETE: %v", got)
		}
	})
	t.Run("bottle", func(t *testing.T) {
		t.Parallel()
		a := launch(t, "routes", true, []string{"PYTHONPATH=."}, false, "gunicorn", "-w", "1", "-b", "127.0.0.1:$PORT", "bottleapp:application").serving(t)
		got, at := listed(t, a, "bottle")
		same(t, got, []string{"DELETE /api/items/<id:int>", "GET /", "GET /api/items/<id:int>", "GET /old/:name#[a-z]+#"})
		handled(t, at["DELETE /api/items/<id:int>"], "bottleapp.py", "@api.route")
	})
	t.Run("fastapi", func(t *testing.T) {
		t.Parallel()
		got, at := listed(t, launch(t, "routes", true, nil, false, python, "fastapiapp.py"), "fastapi")
		want := output(t, python, "-c", `
from fastapiapp import app
def walk(routes, prefix):
    for r in routes:
        if hasattr(r, "routes"): walk(r.routes, prefix + r.path)
        else: [print(m, prefix + r.path) for m in (r.methods or ["GET"]) if m != "HEAD"]
walk(app.routes, "")`)
		same(t, got, want)
		handled(t, at["DELETE /orders/{order_id}"], "fastapiapp.py", "@router.api_route")
		handled(t, at["GET /cart"], "fastapiapp.py", "# shows a cart")
	})
}

func TestLiveRoutesOfSinatra(t *testing.T) {
	a := launch(t, "routes", true, []string{"RACK_ENV=production"}, false, "puma", "-w", "0", "-t", "1:1", "-q", "-b", "tcp://127.0.0.1:$PORT", "sinatra.ru")
	got, at := listed(t, a, "sinatra")
	same(t, got, []string{"GET /", "GET /admin/users/*", "GET /health", "GET /orders/:id.?:format?", "POST /cart"})
	handled(t, at["GET /orders/:id.?:format?"], "sinatra.ru", "# shows an order")
}

// TestLiveRoutesOfNode asks two major versions of Express, whose routers keep their
// paths differently, and Fastify.
func TestLiveRoutesOfNode(t *testing.T) {
	for name, packages := range map[string][]string{"express 4": {"express@4.21.2"}, "express 5": {"express@5"}, "fastify": {"fastify@5"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			npm := exec.Command("npm", append([]string{"install", "--no-audit", "--no-fund", "--silent"}, packages...)...)
			npm.Dir = dir
			if out, err := npm.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			framework, _, _ := strings.Cut(name, " ")
			a := launch(t, "routes", true, []string{"NODE_PATH=" + dir + "/node_modules"}, true, "node", framework+".js")
			got, at := listed(t, a, framework)
			if framework == "fastify" {
				text, err := a.fetch(t.Context(), "/admin/routes")
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				for _, r := range strings.Split(string(text), "\n") {
					if !strings.HasPrefix(r, "HEAD ") { // beside each GET
						want = append(want, r)
					}
				}
				slices.Sort(want)
				same(t, got, want)
				handled(t, at["DELETE /orders/:id"], "fastify.js", "# handles an order"[2:])
				return
			}
			same(t, got, []string{
				"/any", "DELETE /api/v1.0/orders/:id", "GET", "GET /", "GET /admin/users", "GET /api/v1.0/orders/:id",
				"GET /api/v1.0/orders/:order/notes/last", "POST /cart",
			})
			handled(t, at["POST /cart"], "express.js", "// fills a cart")
		})
	}
}
