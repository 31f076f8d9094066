package hunttest

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/datadriven"

	"leakhunt/harness/strategy"
	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// cases hunts on a process for each line of the input, and says what became of its
// URIs. What stands before the first line that has a name holds for all. With labels
// it tells what those are that are no leaks.
func (s *Script) cases(d *datadriven.TestData) string {
	var rows [][]string
	common := ""
	for line := range strings.SplitSeq(d.Input, "\n") {
		name, text, named := strings.Cut(line, ": ")
		if !named {
			common += line + "\n"
			continue
		}
		s.text = "process\n" + common + strings.ReplaceAll(text, ";", "\n")
		s.Again(s.rules(d))
		if err := s.drive(strategy.Hunt{}); err != nil {
			d.Fatalf(s.t, "%s: %v", name, err)
		}
		row := []string{name}
		for _, u := range s.result().URIs {
			cell := fmt.Sprintf("%s %s", u.Name, u.Verdict)
			switch {
			case u.Verdict == verdict.Leak:
				cell += " " + units.Bytes(u.Growth)
			case !d.HasArg("labels") && u.Verdict != verdict.Failed:
				cell = u.Name + " not a leak"
			}
			if u.OverBudget {
				cell += ", over budget"
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return table(rows)
}
