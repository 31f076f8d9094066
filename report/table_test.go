package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// The ranking fits, whatever the names; so does each line of text that has no
// word longer than a line.
func TestTableFits(t *testing.T) {
	for _, columns := range []int{60, 70, 80, 100, 120, 200} {
		for name, r := range map[string]*result.Result{"sample": sample(), "hostile": hostile()} {
			out := string(render(t, "table", r, Options{Width: columns, Color: true}))
			head, _, found := strings.Cut(out, "\n\n")
			if !found {
				t.Fatalf("no text under the table:\n%s", out)
			}
			if n := strings.Count(head, "\n"); n != len(r.URIs) {
				t.Errorf("%s at %d: %d rows for %d URIs", name, columns, n, len(r.URIs))
			}
			for line := range strings.Lines(out) {
				line = strings.TrimSuffix(line, "\n")
				longest := 0
				for word := range strings.FieldsSeq(line) {
					longest = max(longest, width(word))
				}
				if width(line) > max(columns, longest+4) {
					t.Errorf("%s at %d: %d columns: %q", name, columns, width(line), line)
				}
			}
		}
	}
}

func TestTableDropsColumns(t *testing.T) {
	for columns, want := range map[int]string{
		60:  "# URI Verdict Growth/request",
		80:  "# URI Verdict Growth/request 95 % interval Floor",
		100: "# URI Verdict Growth/request 95 % interval Floor Requests Series",
	} {
		out := string(render(t, "table", sample(), Options{Width: columns}))
		head, _, _ := strings.Cut(out, "\n")
		if got := strings.Join(strings.Fields(head), " "); got != want {
			t.Errorf("at %d: %q, want %q", columns, got, want)
		}
	}
}

func TestTableColour(t *testing.T) {
	r := hostile()
	if out := render(t, "table", r, Options{}); strings.ContainsAny(string(out), "\x1b\x00\r\t\u202e") {
		t.Error("control characters without colour")
	}
	out := string(render(t, "table", r, Options{Color: true}))
	if !strings.Contains(out, "\x1b[1;31mleak") {
		t.Error("no colour")
	}
	for _, part := range strings.Split(out, "\x1b[")[1:] {
		code, _, _ := strings.Cut(part, "m")
		if !slices.Contains([]string{"0", "1;31", "2", "32", "33", "35"}, code) {
			t.Errorf("escape %q is not one of ours", code)
		}
	}
}

func TestAdvice(t *testing.T) {
	pick := func(change func(r *result.Result), ranks ...int) *result.Result {
		r, all := sample(), sample().URIs
		r.URIs = nil
		for _, n := range ranks {
			r.URIs = append(r.URIs, all[n-1])
		}
		if change != nil {
			change(r)
		}
		return r
	}
	for want, r := range map[string]*result.Result{
		"Fix /feed first: it keeps 64.2 KiB with every request, made at app/models/feed.rb:31. Its interval is 63.8 … 64.6 KiB, its evidence: live bytes, live objects, rss.": pick(nil, 1, 7),
		"Fix order page first: it keeps 4.1 KiB with every request. Its interval is 3.9 … 4.3 KiB, its evidence: live objects.":                                               pick(nil, 2, 7),
		"Look at / first: it breaks its budget, at least 27 B/request where 8 B is allowed.": pick(func(r *result.Result) {
			r.URIs[0].OverBudget, r.URIs[0].Budget, r.URIs[0].GrowthLow = true, 8, 27
		}, 7),
		"Make /admin answer first: it could not be judged (status 500, expected 2xx or 3xx).":                                                                                                 pick(nil, 7, 8),
		"No leak is proven, and 1 of 2 URIs is inconclusive. To settle it: the agent (two lines: leakhunt agent ruby), or up to 2,400 more requests to each by itself (--only NAME -n 4448).": pick(nil, 4, 7),
		"No leak is proven, and 1 of 2 URIs is inconclusive. To settle it: the agent (two lines: leakhunt agent ruby), or up to 2,400 more requests to each (-n 4448).": pick(func(r *result.Result) {
			r.URIs[0].Probes = []result.Probe{{Name: "live objects"}}
		}, 4, 7),
		"Nothing to fix: no leak above 150 B/request of what the runtime counts, nor above 6.5 KiB/request of native memory, in 3 URIs.": pick(nil, 5, 6, 7),
		"Nothing new to fix: 1 leak is ignored.": pick(nil, 3, 7),
		"The run ended early, and found no leak so far.": pick(func(r *result.Result) {
			r.Complete = false
		}, 7),
		"No leak is proven, and 1 of 1 URI is inconclusive. To settle it: the agent (two lines: leakhunt agent ruby), or let the run go to its end.": pick(func(r *result.Result) {
			r.Complete = false
		}, 4),
		"Nothing was measured.": pick(nil),
	} {
		if got := advice(r, Options{}); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	// A run that ended before its first judged request has nothing to settle.
	r := pick(func(r *result.Result) { r.Complete, r.URIs[0].Requests = false, 0 }, 4)
	if got := advice(r, Options{}); got != "Nothing was measured." {
		t.Error(got)
	}
}

// What the gate lets pass, the headline does not ask to be fixed first.
func TestAdviceAgainstABaseline(t *testing.T) {
	base := sample()
	for name, c := range map[string]struct {
		failOn string
		change func(base, head *result.Result)
		want   string
	}{
		"the baseline leaks as well": {FailOnRegression, func(_, _ *result.Result) {}, "Nothing new to fix: the baseline has these 2 leaks too. /feed keeps 64.2 KiB with every request."},
		"leaks count":                {FailOnLeak, func(_, _ *result.Result) {}, "Fix /feed first"},
		"one is new":                 {FailOnRegression, func(base, _ *result.Result) { base.URIs = base.URIs[1:] }, "Fix /feed first"},
		"one is worse":               {FailOnRegression, func(_, head *result.Result) { worsen(&head.URIs[1]) }, "Fix order page first"},
		"the baseline did not know":  {FailOnRegression, func(base, _ *result.Result) { base.URIs[0].Verdict = verdict.Inconclusive }, "Fix /feed first"},
	} {
		base, head := *base, sample()
		base.URIs, head.URIs = slices.Clone(base.URIs[:7]), head.URIs[:7] // without what failed
		c.change(&base, head)
		compared, err := Compare(&base, head, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := advice(head, Options{FailOn: c.failOn, Comparison: compared}); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func worsen(u *result.URI) {
	u.Growth, u.GrowthLow, u.GrowthHigh = u.Growth+9e4, u.GrowthLow+9e4, u.GrowthHigh+9e4
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"/a b":           "/a b",
		"a\n\x1b[0m\tb":  `a\n\x1b[0m\tb`,
		"\u202eab\ufeff": `\u202eab\ufeff`,
		"👩‍👧 é":          "👩‍👧 é",
		"\xff\xfe":       "��",
		"\U000e0001":     `\U000e0001`,
		"\u2028":         `\u2028`,
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%+q) = %+q, want %+q", in, got, want)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		in      string
		columns int
		want    string
	}{
		{"/orders/42", 10, "/orders/42"},
		{"/orders/42", 7, "/or…/42"},
		{"/orders/42", 6, "/or…42"},
		{"/orders/42", 1, "…"},
		{"/orders/42", 0, ""},
		{"家族家族家族", 6, "家…族"},
		{"e\u0301e\u0301e\u0301", 2, "e…"},
	} {
		if got := shorten(tt.in, tt.columns); got != tt.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", tt.in, tt.columns, got, tt.want)
		}
	}
}

// FuzzShorten: never wider than asked for, never with anything but what clean
// text and the ellipsis hold.
func FuzzShorten(f *testing.F) {
	for _, n := range hostileNames() {
		f.Add(n, 12)
	}
	f.Fuzz(func(t *testing.T, s string, columns int) {
		got := shorten(plain(s), columns)
		if width(got) > max(0, columns) {
			t.Errorf("%q has %d columns, not %d", got, width(got), columns)
		}
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\t\x1b\u202e") {
			t.Errorf("%q is not clean", got)
		}
		if again := clean(got); again != got {
			t.Errorf("clean is not done: %q, %q", got, again)
		}
	})
}

// Evaluated code, and some of a runtime's own, has no file.
func TestSiteWithoutFile(t *testing.T) {
	r := sample()
	r.URIs[0].Sites = r.URIs[0].Sites[1:]
	r.URIs[0].Sites[0].File, r.URIs[0].Sites[0].Line = "", 0
	out := string(render(t, "table", r, Options{}))
	if strings.Contains(out, "made at") || !strings.Contains(out, "  no source line remember — Array, 1 object/request") {
		t.Error(out)
	}
}

func TestNotesAreFew(t *testing.T) {
	r := sample()
	for i := range 20 {
		u := r.URIs[3]
		u.Name = fmt.Sprintf("/cart/%d", i)
		r.URIs = append(r.URIs, u)
	}
	out := string(render(t, "table", r, Options{}))
	if n := strings.Count(out, "\n/cart"); n != maxNotes || !strings.Contains(out, "and 16 more: -o html explains them all") {
		t.Errorf("21 inconclusive URIs, and no word of those left out:\n%s", out)
	}
}
