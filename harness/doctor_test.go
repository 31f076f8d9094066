package harness

import (
	"context"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/target"
)

// advised is a fake that knows what could replace it.
type advised struct{ *fake }

func (a advised) Pin(context.Context) (Pinned, error) { return a, nil }

func (a advised) Advise(context.Context) []target.Advice {
	return []target.Advice{{Code: "recycling", Message: "--max-requests 9 is set"}}
}

func TestDoctor(t *testing.T) {
	for name, c := range map[string]struct {
		paths   []string
		closes  bool // the server ends each connection
		counted bool
		advised bool
		good    []string
		bad     []string
	}{
		"all well":       {paths: []string{"/"}, counted: true, good: []string{"is pinned (command", "1 of 1 URIs answer", "the connection is kept alive", "counts what is alive (agent)"}},
		"no counter":     {paths: []string{"/"}, good: []string{"kept alive"}, bad: []string{"no counter of the runtime"}},
		"no keep-alive":  {paths: []string{"/"}, closes: true, good: []string{"connections end after each answer (2 for 2 requests)"}},
		"a broken URI":   {paths: []string{"/", "/broken"}, bad: []string{"/broken fails: status 500", "1 of 2 URIs answer"}},
		"to be recycled": {paths: []string{"/"}, advised: true, bad: []string{"--max-requests 9 is set"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, shop)
			f.server.Config.SetKeepAlivesEnabled(!c.closes)
			plan, err := NewPlan(scenario(auto, c.paths...))
			if err != nil {
				t.Fatal(err)
			}
			o, tgt := f.options(), Target(f)
			if c.counted {
				o = f.counted()
			}
			if c.advised {
				tgt = advised{f}
			}
			d, err := Diagnose(t.Context(), plan, tgt, o)
			if err != nil {
				t.Fatal(err)
			}
			said := map[bool]string{}
			for _, f := range d.Findings {
				said[f.OK] += f.Text + "\n"
			}
			for ok, wants := range map[bool][]string{true: c.good, false: c.bad} {
				for _, want := range wants {
					if !strings.Contains(said[ok], want) {
						t.Errorf("%q is not among\n%s", want, said[ok])
					}
				}
			}
			if len(d.Floors) != 3 || d.Floors[0].Bytes <= d.Floors[1].Bytes || d.Floors[2].Bytes <= 0 || !f.closed {
				t.Errorf("floors %v, closed %t", d.Floors, f.closed)
			}
		})
	}
}

// A target that cannot be measured is an error, with what was seen before.
func TestDoctorOfALostProcess(t *testing.T) {
	f := newFake(t, func(f *fake, _ string, _ int) int {
		f.die()
		return 0
	})
	plan, err := NewPlan(scenario(auto, "/"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Diagnose(t.Context(), plan, f, f.options())
	if fault.KindOf(err) != fault.Measure || !strings.Contains(err.Error(), "the process was lost after 1 request, the last one to /: pid 7 has ended") || len(d.Findings) == 0 {
		t.Errorf("%v; %+v", err, d)
	}
}

// What doctor prints can be pasted: some settings hold several options.
func TestForShell(t *testing.T) {
	got := forShell([]string{"GOGC=10", "JAVA_TOOL_OPTIONS=-Xms4m -Xmn2m"})
	if want := `GOGC=10 JAVA_TOOL_OPTIONS="-Xms4m -Xmn2m"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
