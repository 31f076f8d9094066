package target

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"leakhunt/harness/proc"
)

var _ Advisor = (*pinned)(nil)

// Advise implements Advisor: it names what stands in the command lines of the
// process and of its master, or in php-fpm's configuration, that puts another
// process in its place during a run.
func (p *pinned) Advise(context.Context) []Advice {
	var all []Advice
	for _, pid := range []int{p.id.PID, p.parent} {
		if argv, err := proc.Cmdline(pid); err == nil && (pid == p.id.PID || sameProgram(pid, p.id.PID)) {
			all = append(all, recycling(argv)...)
			if m := fpmMaster.FindStringSubmatch(strings.Join(argv, " ")); m != nil {
				all = append(all, fpmRecycling(m[1])...)
			}
		}
		if len(all) > 0 {
			break // a worker that was forked has its master's command line
		}
	}
	for i := range all {
		if all[i].Code == "recycling" {
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

var (
	fpmMaster   = regexp.MustCompile(`^php-fpm: master process \((.+)\)`)
	fpmRequests = regexp.MustCompile(`(?m)^\s*pm\.max_requests\s*=\s*([1-9]\d*)`)
	fpmInclude  = regexp.MustCompile(`(?m)^\s*include\s*=\s*(\S+)`)
)

// fpmRecycling reads the configuration that the title of php-fpm's master names,
// and what it includes.
func fpmRecycling(file string) (all []Advice) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	texts := []string{string(text)}
	for _, m := range fpmInclude.FindAllStringSubmatch(string(text), -1) {
		files, _ := filepath.Glob(m[1]) // a pattern that is wrong matches nothing
		for _, f := range files {
			if more, err := os.ReadFile(f); err == nil {
				texts = append(texts, string(more))
			}
		}
	}
	for _, text := range texts {
		if m := fpmRequests.FindStringSubmatch(text); m != nil {
			return []Advice{{"recycling", fmt.Sprintf("pm.max_requests = %s is set: php-fpm puts another process in its place.", m[1])}}
		}
	}
	return nil
}
