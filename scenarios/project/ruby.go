package project

import (
	"regexp"
	"slices"
	"strings"

	"leakhunt/scenarios"
)

// ruby finds Rails, Sinatra and other Rack applications.
func ruby(f folder) []Guess {
	rails := f.has("config/application.rb")
	if !rails && !f.has("config.ru") {
		return sinatra(f)
	}
	gems := f.text("Gemfile.lock") + f.text("Gemfile")
	g := Guess{Name: "Rack", Why: "config.ru", Pin: scenarios.Pin{Env: []string{"RACK_ENV=production"}}}
	if rails {
		g = Guess{
			Name: "Rails", Why: "config/application.rb", Pin: scenarios.Pin{Env: []string{"RAILS_ENV=production"}},
			Note: "production mode needs its secret key and its database, as on a server",
		}
		if strings.Contains(f.text("config/routes.rb"), "rails/health#show") {
			g.Pin.Ready = "/up"
		}
	}
	server, argv := "puma", []string{"puma", "-w", "0", "-t", "1:1", "-b", "tcp://127.0.0.1:${PORT}"}
	if strings.Contains(gems, "unicorn") && !strings.Contains(gems, "puma") {
		server, argv = "unicorn", []string{"unicorn", "-l", "127.0.0.1:${PORT}"}
	}
	if f.has("Gemfile") {
		argv = slices.Concat([]string{"bundle", "exec"}, argv)
	}
	g.Name += ", by " + server
	g.Pin.Command = argv
	return []Guess{g}
}

// classic is a program that serves itself by Sinatra, once it is run.
var classic = regexp.MustCompile(`(?m)^\s*require ['"]sinatra['"]`)

// sinatra finds such a program.
func sinatra(f folder) []Guess {
	for _, file := range f.glob("*.rb") {
		if !classic.MatchString(f.text(file)) {
			continue
		}
		argv := []string{"ruby", file, "-e", "production", "-o", "127.0.0.1", "-p", "${PORT}"}
		if f.has("Gemfile") {
			argv = slices.Concat([]string{"bundle", "exec"}, argv)
		}
		return []Guess{{Name: "Sinatra, by its own server", Why: file, Pin: scenarios.Pin{Command: argv}}}
	}
	return nil
}
