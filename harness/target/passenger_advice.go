package target

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"leakhunt/harness/target/passenger"
)

// Advice is what a reader should know, or change, before a run on a target.
type Advice struct {
	Code    string // kebab-case, stable
	Message string
}

// Advisor is a Pinned that knows what could replace its process in a run.
type Advisor interface {
	Advise(ctx context.Context) []Advice
}

// Advise implements Advisor.
func (p *passengerPinned) Advise(ctx context.Context) []Advice {
	if p.instance.Dir == "" { // known by its status command only
		return p.advise(nil)
	}
	settings, err := p.instance.Settings(ctx, p.app.Name)
	if err != nil {
		return p.advise(nil)
	}
	return p.advise(&settings)
}

// advise names the settings under which the pool may end the pinned process;
// nil stands for settings that may not be read. Requests sent to a process
// directly are not counted by the pool: to it, a measured process idles.
func (p *passengerPinned) advise(settings *passenger.Settings) []Advice {
	if settings == nil {
		return []Advice{{"passenger-settings", fmt.Sprintf("Passenger's settings cannot be read here. So that it keeps pid %d for the whole run: %s.",
			p.id.PID, p.settings("MaxPoolSize 1", "MinInstances 1", "PoolIdleTime 0", "MaxRequests 0"))}}
	}
	var all []Advice
	n, kept := len(p.app.Processes), max(p.app.MinProcesses, 0)
	if settings.IdleTime > 0 && n > kept {
		all = append(all, Advice{"passenger-idle", fmt.Sprintf("Passenger ends a process of %s that has idled for %s while there are more than %d, and counts no request of ours: it may retire pid %d. For a run: %s.",
			p.app.Name, settings.IdleTime, kept, p.id.PID, p.settings("PoolIdleTime 0"))})
	}
	if settings.MaxRequests > 0 {
		all = append(all, Advice{"passenger-max-requests", fmt.Sprintf("Passenger ends a process after %d requests through the web server. For a run: %s.",
			settings.MaxRequests, p.settings("MaxRequests 0"))})
	}
	return all
}

var words = regexp.MustCompile(`[A-Z][a-z]+`)

// settings words Passenger's settings the way the instance takes them: as
// directives of Apache or Nginx, or as options of Standalone.
func (p *passengerPinned) settings(all ...string) string {
	for i, s := range all {
		lower := func(sep string) string {
			name, value, _ := strings.Cut(s, " ")
			return strings.ToLower(strings.Join(words.FindAllString(name, -1), sep)) + " " + value
		}
		switch {
		case p.private != "", strings.HasPrefix(p.instance.Server, "Phusion_Passenger"):
			all[i] = "--" + lower("-")
		case strings.HasPrefix(p.instance.Server, "nginx"):
			all[i] = "passenger_" + lower("_") + ";"
		default:
			all[i] = "Passenger" + s
		}
	}
	return strings.Join(all, ", ")
}
