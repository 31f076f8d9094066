package target

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"leakhunt/harness/proc"
)

var _ Advisor = (*pinned)(nil)

// Advise implements Advisor. It names the settings that put another process in the
// place of this one during a run. They stand in the command lines of the process and of
// its master, or in php-fpm's configuration. Where a title has taken the place of the
// command line, it says that they cannot be seen.
func (p *pinned) Advise(context.Context) []Advice {
	var all []Advice
	for _, pid := range []int{p.id.PID, p.parent} {
		if argv, err := proc.Cmdline(pid); err == nil && (pid == p.id.PID || sameProgram(pid, p.id.PID)) {
			all = append(append(all, recycling(argv)...), untold(argv)...)
		}
		if len(all) > 0 {
			break // a worker that was forked has its master's command line
		}
	}
	if n := fpmSettings(p.id.PID)["pm.max_requests"]; n != "" && n != "0" {
		all = append(all, Advice{"recycling", fmt.Sprintf("pm.max_requests = %s is set: php-fpm puts another process in its place.", n)})
	}
	if p.info.Kind == "url" && p.info.Server == "passenger" {
		all = append(all, Advice{"private-address", fmt.Sprintf("This is the private address of a process of Passenger, which answers nobody without its password: "+
			"target: {passenger: {pid: %d}} sends it.", p.id.PID)})
	}
	for i := range all {
		if all[i].Code == "recycling" || all[i].Code == "untold" {
			all[i].Message += " " + Identity{Server: p.info.Server, Runtime: p.info.Runtime}.lasting()
		}
	}
	return all
}

// recyclers are the options after which a server replaces its workers: gunicorn
// and Hypercorn, uwsgi, uvicorn. The value 0 switches each off.
var recyclers = regexp.MustCompile(`^--(max-requests|limit-max-requests|max-worker-lifetime|reload-on-rss|reload-on-as|evil-reload-on-rss)$`)

// reloaders are those that start the application anew when a file changes, and
// code that is loaded anew looks like a leak.
var reloaders = regexp.MustCompile(`^--(reload|watch|watch-path|py-autoreload|touch-reload|debug)$`)

// untold says that a server's options cannot be seen: its title stands in place of its
// command line. Gunicorn sets one where setproctitle is installed, uWSGI by --auto-procname.
func untold(argv []string) []Advice {
	if len(argv) == 0 {
		return nil
	}
	server := titled(argv[0]).Server
	if server != "gunicorn" && server != "uwsgi" {
		return nil
	}
	return []Advice{{"untold", fmt.Sprintf("The command line of %s is replaced by its title, %q: whether it replaces its workers or reloads cannot be seen.", server, argv[0])}}
}

func recycling(argv []string) (all []Advice) {
	for i, word := range argv {
		option, value, joined := strings.Cut(word, "=")
		if !joined && i+1 < len(argv) {
			value = argv[i+1]
		}
		switch {
		case recyclers.MatchString(option) && strings.Trim(value, "0") != "":
			all = append(all, Advice{"recycling", fmt.Sprintf("%s %s is set: the server puts another process in its place.", option, value)})
		case reloaders.MatchString(option):
			all = append(all, Advice{"reloading", fmt.Sprintf("%s is set: the application is loaded anew when a file changes. Leave it out for a run.", option)})
		}
	}
	return all
}
