package scenarios

import "fmt"

// Unisolated says why no fresh process for each URI can be had (isolate: true), and what
// to do about it; "" where it can, or is not asked for. A process that others have started
// is not ours to start again.
func (s *Scenario) Unisolated() (wrong, fix string) {
	t := &s.Target
	switch {
	case !s.Isolate, t.Kind == "", t.Kind == "command", t.Kind == "demo", t.Kind == "passenger" && len(t.Command) > 0:
		return "", ""
	case t.Kind == "passenger":
		return "isolate: a fresh process for each URI cannot be had: others have started Passenger", "add command: to passenger:, which starts it for the run, or leave isolate out"
	}
	return "isolate: a fresh process for each URI cannot be had: others have started the process", "let target: command: start it, or leave isolate out"
}

// Unscannable says why groups cannot be sent first where that is asked for (strategy:
// scan), and what to do about it; "" where they can. A scan sends as many requests as it
// needs, to all URIs on one process.
func (s *Scenario) Unscannable() (wrong, fix string) {
	if s.Strategy != "scan" {
		return "", ""
	}
	fixed := !s.Requests.Auto
	for _, u := range s.URIs {
		fixed = fixed || u.Requests != nil && !u.Requests.Auto
	}
	switch {
	case fixed:
		return "strategy: scan sends as many requests as it needs, and a number of requests is asked for", "leave the number of requests out, or write strategy: sweep"
	case s.Isolate:
		return "strategy: scan sends all URIs to one process, and isolate: true each to one of its own", "leave one of the two out"
	}
	return "", ""
}

// Crowded says why so many lanes cannot work side by side (lanes:), and what to do about
// it; "" where they can. Each has a process and URIs of its own.
func (s *Scenario) Crowded() (wrong, fix string) {
	t := &s.Target
	one := func(key string) (string, string) {
		return fmt.Sprintf("lanes: %d processes side by side, and %s names one", s.Lanes, key), "leave the pid out where the application has several workers, or leave lanes out"
	}
	switch {
	case s.Lanes <= 1:
		return "", ""
	case len(s.URIs) > 0 && s.Lanes > len(s.URIs):
		are := fmt.Sprintf("there are %d URIs", len(s.URIs))
		if len(s.URIs) == 1 {
			are = "there is 1 URI"
		}
		return fmt.Sprintf("lanes: %d, and %s: each lane has URIs of its own", s.Lanes, are), "write no more lanes than there are URIs"
	case t.Kind == "", t.Kind == "demo", t.Kind == "command" && t.Port == 0:
		return "", ""
	case t.Kind == "command":
		return fmt.Sprintf("lanes: %d, and the command listens on a port of its own (port: %d): two of it cannot run at once", s.Lanes, t.Port), "let it listen on ${PORT}, without port:, or leave lanes out"
	case t.Kind == "passenger" && t.Passenger != nil && t.Passenger.PID != 0:
		return one("target.passenger.pid")
	case t.Kind == "url" && t.PID != 0:
		return one("target.pid")
	case t.Kind == "passenger", t.Kind == "url":
		return "", ""
	}
	return fmt.Sprintf("lanes: %d processes side by side, and target: %s pins one", s.Lanes, t.Kind), "let target: command: start them, or leave lanes out"
}
