package project

import (
	"strings"
	"testing"
	"testing/fstest"

	"leakhunt/scenarios"
)

// TestLook: a folder, and the lines that its likeliest guess comes to.
func TestLook(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string // the name, then what stands under target:
	}{
		"nothing": {map[string]string{"README.md": "hello"}, ""},
		"rails": {
			map[string]string{"Gemfile": "gem 'puma'", "config/application.rb": "", "config.ru": "", "config/routes.rb": `get "up" => "rails/health#show"`, "Procfile": "web: x"},
			`Rails, by puma
  command: ["bundle", "exec", "puma", "-w", "0", "-t", "1:1", "-b", "tcp://127.0.0.1:${PORT}"]
  env:
    RAILS_ENV: production
  ready: {uri: /up}
`,
		},
		"rack": {
			map[string]string{"config.ru": "", "Gemfile.lock": "    unicorn (6.1)"},
			`Rack, by unicorn
  command: ["unicorn", "-l", "127.0.0.1:${PORT}"]
  env:
    RACK_ENV: production
`,
		},
		"django": {
			map[string]string{"manage.py": "", "shop/wsgi.py": "", "requirements.txt": "Django\ngunicorn==23"},
			`Django, by gunicorn
  command: ["gunicorn", "-w", "1", "--max-requests", "0", "-b", "127.0.0.1:${PORT}", "shop.wsgi"]
`,
		},
		"django without a server": {
			map[string]string{"manage.py": "", "shop/wsgi.py": ""},
			`Django, by its own server
  command: ["python3", "manage.py", "runserver", "--noreload", "127.0.0.1:${PORT}"]
`,
		},
		"flask": {
			map[string]string{"app.py": "from flask import Flask\n\nserver = Flask(__name__)\n"},
			`Flask, by its own server
  command: ["flask", "--app", "app:server", "run", "--no-reload", "--no-debugger", "--host", "127.0.0.1", "--port", "${PORT}"]
`,
		},
		"fastapi": {
			map[string]string{"app/main.py": "api: FastAPI = fastapi.FastAPI()\n"},
			`FastAPI, by uvicorn
  command: ["uvicorn", "--host", "127.0.0.1", "--port", "${PORT}", "app.main:api"]
`,
		},
		"node that has its port written into it": {
			map[string]string{"package.json": `{"scripts": {"start": "DEBUG=x node --no-warnings server.js"}}`, "server.js": "http.createServer(f).listen(3000)"},
			`Node
  command: ["node", "--no-warnings", "server.js"]
  env:
    NODE_ENV: production
    DEBUG: x
  port: 3000
`,
		},
		"node that reads it": {
			map[string]string{"package.json": `{"main": "./lib/app.js"}`, "lib/app.js": "metrics.listen(9100); app.listen(process.env.PORT)"},
			`Node
  command: ["node", "lib/app.js"]
  env:
    NODE_ENV: production
`,
		},
		"node that is installed as a program": {
			map[string]string{"package.json": `{"main": "src/api.js", "bin": {"mb": "./bin/mb"}}`, "bin/mb": "", "src/api.js": ""},
			`Node
  command: ["node", "bin/mb"]
  env:
    NODE_ENV: production
`,
		},
		"node that is installed as two": {
			map[string]string{"package.json": `{"main": "app.js", "bin": {"a": "bin/a", "b": "bin/b"}}`, "bin/a": "", "bin/b": "", "app.js": ""},
			`Node
  command: ["node", "app.js"]
  env:
    NODE_ENV: production
`,
		},
		"php": {
			map[string]string{"composer.json": "{}", "index.php": "<?php", "package.json": `{"devDependencies": {"vite": "5"}}`},
			`PHP, by its own server
  command: ["php", "-S", "127.0.0.1:${PORT}", "-t", "."]
`,
		},
		"php below its framework": {
			map[string]string{"artisan": "", "public/index.php": "<?php", "index.php": ""},
			`PHP, by its own server
  command: ["php", "-S", "127.0.0.1:${PORT}", "-t", "public"]
`,
		},
		"node by a script that needs a shell": {
			map[string]string{"package.json": `{"scripts": {"start": "next build && next start"}}`},
			`Node, by npm run start
  command: ["npm", "run", "start"]
  env:
    NODE_ENV: production
`,
		},
		"no manifest": {map[string]string{"package.json": "{", "server.js": ""}, ""},
		"go": {
			map[string]string{"go.mod": "module x", "cmd/web/main.go": "package main\n\nfunc main() { http.ListenAndServe(\":8080\", nil) }", "cmd/job/main.go": "package main"},
			`Go, ./cmd/web
  command: ["go", "run", "./cmd/web"]
  port: 8080
`,
		},
		"go that serves by a framework": {
			map[string]string{"go.mod": "module x", "main.go": "package main\n\nimport \"github.com/gin-gonic/gin\"\n\nfunc main() { gin.Default().Run(\":8080\") }", "cmd/job/main.go": "package main"},
			"Go, .\n  command: [\"go\", \"run\", \".\"]\n  port: 8080\n",
		},
		"go whose only program serves in another package": {
			map[string]string{"go.mod": "module x", "cmd/web/main.go": "package main\n\nfunc main() { server.Run() }", "cmd/web/flags.go": "package main"},
			"Go, ./cmd/web\n  command: [\"go\", \"run\", \"./cmd/web\"]\n",
		},
		"go of which nobody knows which serves": {map[string]string{"go.mod": "module x", "cmd/a/main.go": "package main", "cmd/b/main.go": "package main"}, ""},
		"sinatra": {
			map[string]string{"Gemfile": "gem 'sinatra'", "shop.rb": "require 'sinatra'\nget('/') { 'x' }"},
			`Sinatra, by its own server
  command: ["bundle", "exec", "ruby", "shop.rb", "-e", "production", "-o", "127.0.0.1", "-p", "${PORT}"]
`,
		},
		"procfile": {
			map[string]string{"Procfile": "worker: x\nweb: cd srv && A=b bin/web --port $PORT\n"},
			`web: cd srv && A=b bin/web --port $PORT
  command: ["bin/web", "--port", "${PORT}"]
  dir: srv
  env:
    A: b
`,
		},
		"procfile that needs a shell": {
			map[string]string{"Procfile": "web: bin/migrate && exec bin/web ${PORT}"},
			`web: bin/migrate && exec bin/web ${PORT}
  command: ["sh", "-c", "bin/migrate && exec bin/web $${PORT}"]
`,
		},
		"compose": {
			map[string]string{"compose.yaml": "services:\n  db: {ports: ['5432:5432']}\n  web: {ports: ['127.0.0.1:8000:80']}\n  job: {}\n"},
			`service web at port 8000
  url: http://127.0.0.1:8000
`,
		},
		"no compose file": {map[string]string{"compose.yaml": "<<: {? [a] : b}"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := fstest.MapFS{}
			for path, text := range c.files {
				files[path] = &fstest.MapFile{Data: []byte(text)}
			}
			got := ""
			if all := Look(files); len(all) > 0 {
				got = all[0].Name + "\n" + all[0].Pin.Lines()
				first := scenarios.First{Pin: all[0].Pin, URIs: []string{"/"}}
				text, err := first.YAML()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := scenarios.Parse(text, "x.yaml", scenarios.Options{}); err != nil {
					t.Error(err)
				}
			}
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// What is there and tells nothing is named, with the reason.
func TestUnclear(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"README.md", "hello", ""},
		{"config.ru", "", ""},
		{"Gemfile", "gem 'rack'", "Gemfile is here, and no config.ru"},
		{"pyproject.toml", "", "pyproject.toml is here, and no manage.py"},
		{"package.json", "{", "package.json is no JSON object: unexpected end of JSON input"},
		{"package.json", "[]", "package.json is no JSON object: json: cannot unmarshal array"},
		{"package.json", `{"scripts": {"test": "x"}}`, "package.json has no start script"},
		{"Procfile", "worker: x", "Procfile has no line that begins with web:"},
		{"go.mod", "module x", "go.mod is here, and no package main"},
		{"docker-compose.yml", "services: {db: {ports: ['5432:5432']}}", "docker-compose.yml publishes no port"},
		{"compose.yaml", "<<: {? [a] : b}", "compose.yaml publishes no port of a service, or cannot be read"},
	} {
		got := strings.Join(Unclear(fstest.MapFS{c.name: {Data: []byte(c.text)}}), "; ")
		if (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %q: %q, want %q", c.name, c.text, got, c.want)
		}
	}
}

// FuzzLook: whatever stands in the files, what is proposed can be written.
func FuzzLook(f *testing.F) {
	f.Add(`{"scripts": {"start": "node a.js"}}`, "web: x $PORT", "services: {a: {ports: ['1:1']}}", "app = Flask(1)")
	f.Fuzz(func(t *testing.T, manifest, procfile, compose, app string) {
		for _, g := range Look(fstest.MapFS{
			"package.json": {Data: []byte(manifest)}, "Procfile": {Data: []byte(procfile)},
			"compose.yaml": {Data: []byte(compose)}, "app.py": {Data: []byte(app)},
		}) {
			if !g.Pin.Aimed() || g.Name == "" || strings.Contains(g.Why, "\n") {
				t.Errorf("%+v", g)
			}
		}
	})
}
