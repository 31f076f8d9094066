package harness

import (
	"fmt"

	"leakhunt/harness/target"
)

// better names the evidence that would tell more of this process than RSS
// alone, and how to come by it; "" where there is none.
func (s *session) better() string {
	info := s.pinned.Info()
	ours := info.Kind == "command"
	switch {
	case info.Runtime == "java":
		return "the class histogram of the JVM (runtime: {jvm: {}})"
	case info.Runtime == "go":
		return "its heap profile (serve net/http/pprof on the address that is measured)"
	case info.Runtime == "ruby" || info.Runtime == "node" || info.Runtime == "python":
		if ours && s.plan.Scenario.Runtime.Kind == "none" {
			return "the agent (leave out runtime: none)"
		}
		agent := fmt.Sprintf("the agent (two lines: leakhunt agent %s)", info.Runtime)
		if info.Runtime == "node" && !ours {
			return "V8's inspector (runtime: {node: {}}, nothing is restarted) or " + agent
		}
		return agent
	case !s.tight() && len(target.Tight(info.Runtime)) > 0:
		return "a process that keeps little back (leakhunt doctor prints the settings)"
	}
	return ""
}
