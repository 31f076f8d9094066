package scenarios

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
