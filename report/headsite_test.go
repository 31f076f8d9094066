package report

import (
	"strings"
	"testing"

	"leakhunt/harness/record"
	"leakhunt/harness/result"
)

// The headline names the user's own line where one explains enough, and no line that
// explains little.
func TestHeadSite(t *testing.T) {
	site := func(file string, owner string, bytes float64) record.Site {
		return record.Site{File: file, Line: 7, Owner: owner, BytesPerRequest: bytes}
	}
	called := site("lib/pool.rb", "library", 400)
	called.Caller = "app/feed.rb:31"
	for name, c := range map[string]struct {
		sites []record.Site
		want  string
	}{
		"none":                     {nil, ""},
		"a line that explains 8 %": {[]record.Site{site("gunicorn/util.py", "library", 80)}, ""},
		"a library's, by itself":   {[]record.Site{site("puma/client.rb", "library", 900)}, ", made at puma/client.rb:7."},
		"the user's own behind it": {[]record.Site{site("puma/client.rb", "library", 500), site("app.rb", "app", 400)}, ", made at app.rb:7."},
		"the user's caller":        {[]record.Site{site("bufio.go", "runtime", 500), called}, ", made at app/feed.rb:31."},
		"the user's is too small":  {[]record.Site{site("puma/client.rb", "library", 900), site("app.rb", "app", 80)}, ", made at puma/client.rb:7."},
		"two types at one line":    {[]record.Site{site("app.rb", "app", 200), site("app.rb", "app", 150)}, ", made at app.rb:7."},
		"no source line":           {[]record.Site{site("", "runtime", 900)}, ""},
	} {
		r := sample()
		r.URIs = r.URIs[:1]
		r.URIs[0].Growth, r.URIs[0].Sites = 1000, c.sites
		got, _ := headline(r, Options{})
		if want := "every request" + c.want; !strings.HasSuffix(strings.TrimSuffix(got, "."), strings.TrimSuffix(want, ".")) {
			t.Errorf("%s: %s", name, got)
		}
	}
	// What holds native memory is small: its line explains most of what the runtime counts.
	holder := &result.URI{
		Growth: 1000, Evidence: []string{"live objects", nativeMemory}, Sites: []record.Site{site("App.java", "app", 80)},
		Probes: []result.Probe{{Name: liveBytes, Unit: "bytes", Growth: 100, Low: 90, High: 110}},
	}
	if headSite(holder) == nil {
		t.Error("no line of what holds native memory")
	}
	holder.Evidence = holder.Evidence[:1]
	if s := headSite(holder); s != nil {
		t.Errorf("%+v explains 8 %%", s)
	}
	if s := headSite(&result.URI{Sites: []record.Site{site("app.rb", "app", 3)}}); s == nil {
		t.Error("without growth any line is enough")
	}
}
