package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
	"leakhunt/harness/verdict"
)

// growing is a URI with a growth and half the width of its interval.
func growing(v verdict.Label, growth, half, floor float64) result.URI {
	return uri("GET", "/x", v, growth, half, floor, "")
}

// holding is one that keeps one of what a process holds beside memory with each request.
func holding(unit string) result.URI {
	u := growing(verdict.Leak, 98, 400, 100)
	u.GrowthOf, u.Evidence = "rss", []string{unit}
	u.Probes = []result.Probe{{Name: unit, Unit: unit, Growth: 1, Low: 0.95, High: 1.02}}
	return u
}

func with(u ...result.URI) *result.Result {
	r := sample()
	r.URIs = u
	return r
}

func TestChange(t *testing.T) {
	leak, stable, open, failed := verdict.Leak, verdict.Stable, verdict.Inconclusive, verdict.Failed
	for name, tt := range map[string]struct {
		base, head result.URI
		want       string
	}{
		"alike":                          {growing(stable, 10, 50, 100), growing(stable, 30, 50, 100), Same},
		"a leak that was none":           {growing(stable, 10, 50, 100), growing(leak, 4096, 200, 100), Regression},
		"a leak that grew":               {growing(leak, 4096, 100, 100), growing(leak, 8192, 100, 100), Regression},
		"a leak as it was":               {growing(leak, 4096, 300, 100), growing(leak, 4300, 300, 100), Same},
		"intervals meet":                 {growing(stable, 0, 500, 100), growing(leak, 1000, 500, 100), Unclear},
		"below the head's floor":         {growing(stable, 0, 50, 100), growing(leak, 900, 50, 1000), Unclear},
		"below the base's floor":         {growing(stable, 0, 50, 1000), growing(leak, 900, 50, 100), Unclear},
		"hundred times, below the floor": {growing(stable, 1, 0.1, 310), growing(stable, 100, 1, 310), Same},
		"grows, but dies away":           {growing(stable, 0, 50, 100), growing(verdict.Warmup, 4096, 50, 100), Same},
		"grows, and is inconclusive":     {growing(stable, 0, 50, 100), growing(open, 4096, 50, 100), Unclear},
		"was inconclusive":               {growing(open, 4096, 5000, 9000), growing(leak, 4096, 50, 100), Unclear},
		"mended":                         {growing(leak, 4096, 50, 100), growing(stable, 0, 50, 100), Improved},
		"warmed up less":                 {growing(verdict.Warmup, 4096, 50, 100), growing(stable, 0, 50, 100), Same},
		"failed now":                     {growing(stable, 0, 50, 100), growing(failed, 0, 0, 0), Failed},
		"failed before":                  {growing(failed, 0, 0, 0), growing(leak, 4096, 50, 100), Failed},
		"a socket that was none":         {growing(stable, 10, 50, 100), holding("sockets"), Regression},
		"a socket as it was":             {holding("sockets"), holding("sockets"), Same},
	} {
		c, err := Compare(with(tt.base), with(tt.head), false)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Changes) != 1 || c.Changes[0].Kind != tt.want {
			t.Errorf("%s: %+v, want %s", name, c.Changes, tt.want)
		}
		if c.Changes[0].Why == "" {
			t.Errorf("%s: no word of why", name)
		}
	}
}

func TestCompareNewAndRemoved(t *testing.T) {
	base, head := sample(), sample()
	base.URIs = base.URIs[1:]            // /feed is new
	head.URIs = head.URIs[:7]            // /admin is removed
	head.URIs[6].Method = "POST"         // and / is another request now
	head.Scenario.SHA256 = "another"     // since the file was edited
	base.Environment.Kernel = "6.1.0-18" // an update of the same kernel
	c, err := Compare(base, head, false)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, ch := range c.Changes {
		got = append(got, ch.label()+" "+ch.Kind)
	}
	want := "/feed new, / new, / removed, /admin removed, order page same, /reports/daily same, /cart same, /export.pdf same, " +
		"/products?page=2&sort=price same"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "scenario file changed") {
		t.Errorf("notes %q", c.Notes)
	}
}

func TestCompareRefuses(t *testing.T) {
	for want, change := range map[string]func(*result.Result){
		`the scenario was "shop", and is "blog"`:                  func(r *result.Result) { r.Scenario.Name = "blog" },
		`the kernel was "6.1", and is "6.2"`:                      func(r *result.Result) { r.Environment.Kernel = "6.2.0-1" },
		`the processors was "2", and is "4"`:                      func(r *result.Result) { r.Environment.CPUs = 4 },
		`the allocator was "glibc", and is "musl"`:                func(r *result.Result) { r.Environment.Allocator = "musl" },
		`the runtime was "ruby", and is "node"`:                   func(r *result.Result) { r.Target.Runtime = "node" },
		`RUBY_GC_HEAP_GROWTH_FACTOR=1.03", and is ""`:             func(r *result.Result) { r.Target.Settings = nil },
		`the target was "command", and is "url"; the application`: func(r *result.Result) { r.Target.Kind, r.Target.App = "url", "x" },
	} {
		head := sample()
		change(head)
		_, err := Compare(sample(), head, false)
		if err == nil || !strings.Contains(err.Error(), want) || fault.KindOf(err) != fault.Usage || fault.HintOf(err) == "" {
			t.Errorf("error %v, want a usage fault with %q and a hint", err, want)
		}
		c, err := Compare(sample(), head, true)
		if err != nil || !strings.Contains(strings.Join(c.Notes, "; "), want) {
			t.Errorf("allowed: %v, %+v, want a note with %q", err, c, want)
		}
	}
}

// worse is a head run with a regression, an unclear URI and an improvement.
func worse() (base, head *result.Result) {
	base, head = sample(), sample()
	set := func(u *result.URI, v verdict.Label, growth float64) {
		u.Verdict, u.Growth, u.GrowthLow, u.GrowthHigh = v, growth, growth-90, growth+90
	}
	set(&head.URIs[6], verdict.Leak, 4180)
	set(&head.URIs[1], verdict.Stable, 12)
	set(&head.URIs[3], verdict.Inconclusive, 6100)
	base.Complete = false
	return base, head
}

func TestComparisonGolden(t *testing.T) {
	c, err := compareWorse()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"table", "json", "markdown", "html"} {
		var b bytes.Buffer
		if err := WriteComparison(&b, f, c, Options{}); err != nil {
			t.Fatal(err)
		}
		golden(t, "comparison."+f+".golden", b.Bytes())
		if f == "json" && (!json.Valid(b.Bytes()) || bytes.Contains(b.Bytes(), []byte("null"))) {
			t.Error("the comparison is no JSON, or has a null in it")
		}
	}
	err = WriteComparison(&bytes.Buffer{}, "junit", c, Options{})
	if fault.KindOf(err) != fault.Usage {
		t.Errorf("junit: %v", err)
	}
}

func compareWorse() (*Comparison, error) {
	base, head := worse()
	return Compare(base, head, false)
}

// Too few readings give no growth, and nothing to compare with.
func TestCompareUnmeasured(t *testing.T) {
	head := sample()
	u := &head.URIs[3]
	u.Growth, u.GrowthLow, u.GrowthHigh, u.Detectable = 0, 0, 0, 0
	c, err := Compare(sample(), head, false)
	if err != nil {
		t.Fatal(err)
	}
	if ch := c.of(u); ch.Kind != Unclear || ch.compared() || !strings.Contains(ch.Why, "could not be compared") {
		t.Errorf("%+v", ch)
	}
	for _, f := range []string{"table", "markdown"} {
		if text := string(render(t, f, head, Options{})); !regexp.MustCompile(`/cart.*inconclusive.*–.*–.*–`).MatchString(text) {
			t.Errorf("%s shows a growth:\n%s", f, text)
		}
	}
}
