package hunttest

import (
	"fmt"
	"slices"
	"strings"

	"leakhunt/harness/record"
)

// action is one action in words, without its figures.
func (s *Script) action(a record.Action) string {
	switch a := a.(type) {
	case record.Open:
		text := "open"
		if a.Only != nil {
			text += " for " + s.State.Header.Items[*a.Only].Name
		}
		if a.Why != record.First {
			text += " (" + string(a.Why) + ")"
		}
		return text
	case record.Send:
		return string(a.Purpose) + " " + s.State.Header.Items[a.URI].Name
	case record.Measure:
		if a.Wait > 0 {
			return "wait"
		}
		return "read"
	case record.Name:
		text := "name " + s.State.Header.Items[a.URI].Name
		if a.Control {
			return text + " as the control"
		}
		if a.Callers > 0 {
			text += ", and its callers"
		}
		if a.Retainers {
			text += ", and what holds it"
		}
		return text
	}
	return fmt.Sprintf("%T", a)
}

// stages are the actions so far. Those for one purpose are one line: which URIs got them,
// and whether in several blocks.
func (s *Script) stages() string {
	var b strings.Builder
	for i := 0; i < len(s.actions); {
		if send, ok := s.actions[i].(record.Send); ok {
			n := s.stage(&b, s.actions[i:], send)
			i += n
			continue
		}
		b.WriteString(s.action(s.actions[i]) + "\n")
		i++
	}
	return b.String()
}

// stage writes the blocks in a row that are for the purpose of the first, and says how
// many there are. Blocks that lead others belong to those.
func (s *Script) stage(b *strings.Builder, actions []record.Action, first record.Send) (n int) {
	purpose, led := first.Purpose, ""
	if purpose == record.Lead && len(actions) > 1 {
		if next, ok := actions[1].(record.Send); ok {
			purpose, led = next.Purpose, "lead and "
		}
	}
	var rounds [][]string
	last := -1
	for _, a := range actions {
		send, ok := a.(record.Send)
		if !ok || send.Purpose != purpose && (led == "" || send.Purpose != record.Lead) {
			break
		}
		n++
		if send.Purpose == record.Lead {
			continue
		}
		if send.Round != last || slices.Contains(rounds[len(rounds)-1], s.State.Header.Items[send.URI].Name) {
			rounds, last = append(rounds, nil), send.Round
		}
		k := len(rounds) - 1
		rounds[k] = append(rounds[k], s.State.Header.Items[send.URI].Name)
	}
	for i := 0; i < len(rounds); {
		who := s.set(rounds[i])
		k := i + 1
		for k < len(rounds) && s.set(rounds[k]) == who {
			k++
		}
		fmt.Fprintf(b, "%s%s %s", led, purpose, who)
		if k-i > 1 {
			b.WriteString(", in rounds")
		}
		b.WriteString("\n")
		i = k
	}
	return n
}

// set is some URIs in the order of the text, or "all".
func (s *Script) set(names []string) string {
	if len(names) == len(s.State.Header.Items) && len(names) > 1 {
		return "all"
	}
	var out []string
	for _, it := range s.State.Header.Items {
		if slices.Contains(names, it.Name) {
			out = append(out, it.Name)
		}
	}
	return strings.Join(out, " ")
}
