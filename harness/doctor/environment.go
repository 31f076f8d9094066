package doctor

import (
	"regexp"
	"slices"
	"strings"
)

// modes are the variables that name the mode of a framework. In development it loads
// code anew, which looks like a leak.
var modes = []string{"RAILS_ENV", "RACK_ENV", "NODE_ENV", "FLASK_ENV", "APP_ENV"}

// switches turn debugging on, unless they hold one of these words. Another one turns
// it on, as "production" does.
var switches = map[string][]string{
	"FLASK_DEBUG":  {"0", "false", "no"},
	"DJANGO_DEBUG": {"0", "false", "no", "off"},
}

// slow says what is wrong with a variable for a long run, and what would be right; two
// empty strings for nothing.
func slow(name, value string) (remedy, text string) {
	const anew = ": in development mode code is loaded anew, which grows memory without a leak"
	lower := strings.ToLower(value)
	if slices.Contains(modes, name) && (lower == "development" || lower == "dev") {
		return "Start it in production mode: " + name + "=production.", name + "=" + value + anew
	}
	if off, ok := switches[name]; ok && value != "" && !slices.Contains(off, lower) {
		return "Start it without " + name + ", or with " + name + "=0.", name + "=" + value + anew
	}
	return "", ""
}

var (
	// loaders are the variables that have a runtime load files as it starts.
	loaders = []string{"LD_PRELOAD", "RUBYOPT", "NODE_OPTIONS", "PYTHONPATH", "JAVA_TOOL_OPTIONS"}
	passing = regexp.MustCompile(`(?:^|[\s:="']|-r)(/(?:var/)?tmp/[^\s:"',]+)`)
)

// vanishing says that a variable loads a file of a folder that is emptied now and then.
func vanishing(name, value string) (remedy, text string) {
	m := passing.FindStringSubmatch(value)
	if m == nil || !slices.Contains(loaders, name) {
		return "", ""
	}
	return "Move the file to a folder such as /etc/leakhunt, and change " + name + ".",
		name + " loads " + m[1] + ": files there vanish with a restart of the machine, and then the application may not start"
}
