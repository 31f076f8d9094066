package strategy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"leakhunt/harness/hunttest"
	"leakhunt/harness/verdict"
)

// The texts say what is done in which order, and what comes of it. Package hunttest
// tells how they are read; go test -rewrite writes the answers anew.
func TestTexts(t *testing.T) {
	hunttest.Run(t, map[string]hunttest.Command{"sawtooth": sawtooth, "orders": orders})
}

// sawtooth hunts on caches that are emptied when so many requests have filled them, and
// says how many of them are accused.
func sawtooth(s *hunttest.Script, d *datadriven.TestData) string {
	var requests, first, last, accused int
	var without, span string
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "requests":
			if _, err := fmt.Sscan(a.Vals[0], &requests); err != nil {
				return err.Error()
			}
		case "periods":
			span = a.Vals[0]
		case "without":
			without = a.Vals[0]
		}
	}
	if _, err := fmt.Sscanf(span, "%d-%d", &first, &last); err != nil || requests == 0 {
		return fmt.Sprintf("%d requests, periods %q: %v\n", requests, span, err)
	}
	for period := first; period <= last; period++ {
		text := fmt.Sprintf("runtime ruby\ncounter bytes\nplan requests %d\n/ live 5000B, live -%dB every %d", requests, 5000*period, period)
		if s.Hunt(text, strings.Split(without, ",")...).Findings()[0].Label == verdict.Leak {
			accused++
		}
	}
	return fmt.Sprintf("%d of %d accused\n", accused, last-first+1)
}

// orders says in which order the URIs of a process get their first round, for each of
// some seeds.
func orders(s *hunttest.Script, d *datadriven.TestData) string {
	var b strings.Builder
	for _, a := range d.CmdArgs {
		st := s.Hunt("plan requests 5 rounds 1 warmup 0 seed " + a.Key + "\n" + d.Input)
		names := make([]string, len(st.URIs))
		for _, u := range st.URIs {
			names[u.Blocks[0].Seq-1] = u.Name
		}
		fmt.Fprintf(&b, "%s: %s\n", a.Key, strings.Join(names, " "))
	}
	return b.String()
}
