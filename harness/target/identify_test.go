package target

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNamed(t *testing.T) {
	for line, want := range map[string]Identity{
		"puma 5.6.5 (tcp://127.0.0.1:3000) [shop]":   {"puma", "ruby"},
		"puma: cluster worker 0: 4242 [shop]":        {"puma", "ruby"},
		"unicorn worker[0] -c unicorn.rb":            {"unicorn", "ruby"},
		"unicorn_rails master -c x":                  {"unicorn", "ruby"},
		"gunicorn: worker [shop]":                    {"gunicorn", "python"},
		"php-fpm: pool www":                          {"php-fpm", "php"},
		"Passenger RubyApp: /srv/shop (production)":  {"passenger", "ruby"},
		"Passenger NodeApp: /srv/chat (production)":  {"passenger", "node"},
		"nginx: worker process":                      {"nginx", ""},
		"uWSGI http 1":                               {"uwsgi", ""},
		"/usr/bin/python3.11|/usr/bin/gunicorn|-w|1": {"gunicorn", "python"},
		"python3|-u|-m|uvicorn|app:app":              {"uvicorn", "python"},
		"/usr/bin/ruby3.1|/usr/bin/rackup":           {"", "ruby"},
		"node|--inspect|server.js|puma":              {"", "node"},
		"java|-jar|gunicorn":                         {"", "java"},
		"/opt/shop/bin/server|--puma":                {},
		"":                                           {},
	} {
		var argv []string
		if line != "" {
			argv = strings.Split(line, "|")
		}
		if got := named(argv); got != want {
			t.Errorf("%s: %+v, want %+v", line, got, want)
		}
	}
}

func TestRecognise(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"bin/rails": "#!/usr/bin/env ruby\nputs 1\n", "serve": "#!/usr/bin/python3 -u\n", "run.sh": "#!/bin/sh\nexec something\n",
		"start.sh":    "#!/bin/sh\n# exec node\nJAVA_OPTS=-Xmx64m\nexec java $JAVA_OPTS -jar app.jar\n",
		"gradlew":     "#!/usr/bin/env bash\nJAVACMD=java\nexec \"$JAVACMD\" \"$@\"\n",
		"catalina.sh": "#!/bin/sh\nif x; then\n  shift\n  eval exec \"\\\"$_RUNJAVA\\\"\" start\nfi\n",
		"home.sh":     "#!/bin/bash\nexec env A=b \"$JAVA_HOME/bin/java\" -jar x.jar\n", "data": "\x7fELF no\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]Identity{
		"puma|-w|0":                        {"puma", "ruby"},
		"bundle|exec|unicorn|-c|x":         {"unicorn", "ruby"},
		"sh|-c|exec bundle exec puma -w 0": {"puma", "ruby"},
		"env|A=b|gunicorn|app:app":         {"gunicorn", "python"},
		"python3|-m|uvicorn|app:app":       {"uvicorn", "python"},
		"npm|start":                        {"", "node"},
		"uwsgi|--plugin|rack|--rack|x":     {"uwsgi", "ruby"},
		"uwsgi|--wsgi-file|x.py":           {"uwsgi", "python"},
		"java|-jar|x.jar":                  {"", "java"},
		"php8.2|-S|127.0.0.1:80":           {"", "php"},
		"starman|--workers|1|app.psgi":     {"starman", "perl"},
		"/usr/bin/perl|app.pl|prefork":     {"", "perl"},
		"bin/rails|server":                 {"", "ruby"},
		"./serve":                          {"", "python"},
		"./run.sh":                         {},
		"./start.sh":                       {"", "java"},
		"sh|start.sh":                      {"", "java"},
		"./gradlew|run":                    {"", "java"},
		"./catalina.sh|run":                {"", "java"},
		"./home.sh":                        {"", "java"},
		"sh|-e|start.sh":                   {},
		"./data":                           {},
		"./nowhere":                        {},
	} {
		if got := Recognise(strings.Split(line, "|"), dir); got != want {
			t.Errorf("%s: %+v, want %+v", line, got, want)
		}
	}
	if got := Recognise([]string{os.Args[0], "puma"}, dir); got != (Identity{Runtime: "go"}) {
		t.Errorf("a Go program: %+v", got)
	}
	if got := Identify(os.Getpid()); got != (Identity{Runtime: "go"}) {
		t.Errorf("this process: %+v", got)
	}
	if got := Recognise(nil, dir); got != (Identity{}) {
		t.Errorf("nothing: %+v", got)
	}
}

func FuzzParseURL(f *testing.F) {
	for _, u := range []string{"http://127.0.0.1:3000", "https://[::1]", "http+unix:///run/app.sock", "http://u:hunter2@h/", "%", "http://a b"} {
		f.Add(u)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := parseURL(text, false)
		if err != nil {
			if strings.Contains(text, ":hunter2@") && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a password is printed: %v", err)
			}
			return
		}
		if at.at == "" || at.host == "" || at.network == "" {
			t.Errorf("%q: %+v", text, at)
		}
	})
}

// Apache and nginx pass requests on, unless an interpreter in them is the
// application.
func TestPassesOn(t *testing.T) {
	for id, want := range map[Identity]bool{
		{"nginx", ""}: true, {"apache", ""}: true, {"caddy", "go"}: true, {"apache", "python"}: true, // mod_wsgi's daemons
		{"apache", "php"}: false, {"apache", "perl"}: false, {"nginx", "lua"}: false, {"puma", "ruby"}: false,
	} {
		if id.passesOn() != want {
			t.Errorf("%+v: %v", id, !want)
		}
	}
}
