package runtimes

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

// flight is a recording as `jfr print --json` of JDK 17 writes it, shortened.
const flight = `{
  "recording": {
    "events": [{
      "type": "jdk.OldObjectSample",
      "values": {
        "startTime": "2026-11-22T10:30:18.112827471Z",
        "stackTrace": {"truncated": false, "frames": [
          {"method": {"type": {"name": "java/util/Arrays", "hidden": false}, "name": "copyOf"}, "lineNumber": 3537},
          {"method": {"type": {"name": "java/lang/invoke/LambdaForm$MH+0x00007f", "hidden": true}, "name": "invoke"}, "lineNumber": -1},
          {"method": {"type": {"name": "com/google/common/cache/LocalCache$Segment", "hidden": false}, "name": "put"}, "lineNumber": 40},
          {"method": {"type": {"name": "com/shop/Cart$Line", "hidden": false}, "name": "<init>"}, "lineNumber": 31}
        ]},
        "object": {"type": {"name": "[B"}},
        "arrayElements": 4096
      }}, {
      "type": "jdk.OldObjectSample",
      "values": {"stackTrace": null, "object": {"type": {"name": "java/lang/String"}}, "arrayElements": -2147483648}
    }]
  }
}`

func TestParseRecording(t *testing.T) {
	samples, err := parseRecording(strings.NewReader(flight))
	if err != nil || len(samples) != 2 {
		t.Fatalf("got %v, %v", samples, err)
	}
	bytes := samples["[B"][0]
	if len(bytes.frames) != 3 || bytes.elements != 4096 || bytes.frames[1].File != "com/google/common/cache/LocalCache.java" {
		t.Errorf("got %+v", bytes)
	}
	site, ok := bytes.site()
	if !ok || site.Owner != OwnerLibrary || site.Line != 40 || site.Caller != "com/shop/Cart.java:31 Cart$Line.<init>" {
		t.Errorf("got %+v, %v", site, ok)
	}
	if s := samples["java.lang.String"][0]; s.elements != 0 || len(s.frames) != 0 {
		t.Errorf("got %+v", s)
	}
	for name, text := range map[string]string{
		"empty": "", "cut off": flight[:len(flight)/2], "no events": `{"recording": {}}`, "a list": `[1]`,
		"not a list": `{"recording": {"events": {"a": {"b": []}}}}`, "another answer": "jfr print: could not find file\n",
	} {
		if samples, err := parseRecording(strings.NewReader(text)); err == nil || samples != nil {
			t.Errorf("%s: %v, %v", name, samples, err)
		}
	}
}

func FuzzRecording(f *testing.F) {
	f.Add(flight)
	f.Fuzz(func(t *testing.T, text string) {
		samples, err := parseRecording(strings.NewReader(text))
		if (err == nil) == (samples == nil) {
			t.Fatalf("%v with %v", samples, err)
		}
		for class, all := range samples {
			for _, s := range split(class, 10, 1000, all, knownLines(samples)) {
				if s.BytesPerRequest < 0 || math.IsNaN(s.BytesPerRequest) {
					t.Fatalf("%+v", s)
				}
			}
		}
	})
}

// Histograms say how much, samples say where: the parts add up to the whole.
func TestSplit(t *testing.T) {
	at := func(line int, elements float64) liveSample {
		return liveSample{class: "[B", elements: elements, frames: []frame{{File: "java/util/Arrays.java", Line: 1}, {File: "com/shop/Cart.java", Line: line}}}
	}
	large, small := at(7, 100_000), at(8, 100)
	of := func(samples []liveSample) map[string]bool { return knownLines(map[string][]liveSample{"": samples}) }
	all := []liveSample{large, large, small, large, small, small, at(9, 10)}
	sites := split("[B", 400, 20_020_000, all, of(all))
	if len(sites) != 2 || sites[0].Line != 7 || sites[0].Type != "byte[]" || sites[0].Owner != OwnerApp {
		t.Fatalf("got %+v", sites)
	}
	if sites[0].BytesPerRequest < 0.97*20_020_000 || math.Abs(sites[0].BytesPerRequest+sites[1].BytesPerRequest-20_020_000) > 1 {
		t.Errorf("bytes: %+v", sites)
	}
	if o := sites[0].ObjectsPerRequest + sites[1].ObjectsPerRequest; math.Abs(o-400) > 1e-6 {
		t.Errorf("objects: %v", o)
	}
	for _, samples := range [][]liveSample{nil, {at(9, 10), at(9, 10)}, {{class: "X", frames: []frame{{File: "java/util/Arrays.java", Line: 1}}}}} {
		sites = split("com.shop.Item", 200, 3200, samples, of(samples))
		if len(sites) != 1 || sites[0].File != "" || sites[0].Type != "com.shop.Item" || sites[0].BytesPerRequest != 3200 {
			t.Errorf("without a line: %+v", sites)
		}
	}
}

// A line that made enough objects is named for a class with fewer samples, too: a buffer
// comes with its cleaner. Where each object is sampled, a sample stands for itself.
func TestSplitByLinesThatAreKnown(t *testing.T) {
	at := func(class string, line int, elements float64) liveSample {
		return liveSample{class: class, elements: elements, frames: []frame{{File: "com/shop/Cart.java", Line: line}}}
	}
	samples := map[string][]liveSample{"Buffer": {at("Buffer", 7, 0), at("Buffer", 7, 0), at("Buffer", 9, 0)}, "Cleaner": {at("Cleaner", 7, 0)}}
	known := knownLines(samples)
	for class, all := range samples {
		if sites := split(class, 160, 6400, all, known); len(sites) != 1 || sites[0].Line != 7 || sites[0].BytesPerRequest != 6400 {
			t.Errorf("%s: %+v", class, sites)
		}
	}
	var all []liveSample
	for range 10 {
		all = append(all, at("[B", 7, 1000), at("[B", 9, 100))
	}
	known = knownLines(map[string][]liveSample{"": all})
	if s := split("[B", 20, 11_000, all, known); len(s) != 2 || s[0].BytesPerRequest != 10_000 || s[1].BytesPerRequest != 1000 {
		t.Errorf("all of them: %+v", s)
	}
}

// Without a line it is said why.
func TestUnsampled(t *testing.T) {
	inside := liveSample{frames: []frame{{File: "java/util/Arrays.java", Line: 1}}}
	outside := liveSample{frames: []frame{{File: "com/shop/Cart.java", Line: 1}}}
	for _, c := range []struct {
		samples []liveSample
		small   bool
		why     string
		few     bool
	}{
		{nil, true, "no line of byte[]: of those that stayed alive the flight recorder sampled 0, and 3 of one line are needed", true},
		{[]liveSample{outside, outside}, false, "no line of byte[]: of those that stayed alive the flight recorder sampled 2, and 3 of one line are needed; it samples more with " +
			"-XX:TLABSize=2k -XX:TLABRefillWasteFraction=4096, which leakhunt sets where it starts the JVM", true},
		{[]liveSample{inside, inside, inside}, true, "no line of byte[]: no line outside the JDK made any of the 3 that were sampled", false},
	} {
		if why, few := (grown{class: "[B", samples: c.samples}).unsampled(c.small); why != c.why || few != c.few {
			t.Errorf("%s, %v", why, few)
		}
	}
	if !smallBuffersOf("java", "-XX:TLABSize=2k") || smallBuffersOf("java", "-jar", "app.jar") {
		t.Error("small buffers are not seen")
	}
}

// What jfr says of a recording stands in the error, in one line of bounded length.
func TestUnreadable(t *testing.T) {
	err := unreadable(errors.New("exit status 1"), "jfr print: file is empty\x1b[2J\n'/tmp/x.jfr'\n"+strings.Repeat("x", 5000))
	if text := err.Error(); !strings.Contains(text, "cannot be read: exit status 1: jfr print: file is empty?[2J '/tmp/x.jfr' xxx") || len(text) > 400 {
		t.Errorf("%q", text)
	}
	if text := unreadable(errors.New("exit status 1"), " \n").Error(); !strings.HasSuffix(text, "exit status 1") {
		t.Errorf("%q", text)
	}
	got := withoutJava([]string{"HOME=/root", "JAVA_TOOL_OPTIONS=-agentlib:jdwp", "JDK_JAVA_OPTIONS=", "_JAVA_OPTIONS=-Xmx1m", "JAVA_HOME=/usr"})
	if !slices.Equal(got, []string{"HOME=/root", "JAVA_HOME=/usr"}) {
		t.Errorf("%q", got)
	}
}

func TestClassName(t *testing.T) {
	for name, want := range map[string]string{
		"[B": "byte[]", "[[I": "int[][]", "[Ljava.lang.Object;": "java.lang.Object[]", "com.shop.Item": "com.shop.Item", "[": "[", "[Q": "[Q",
	} {
		if got := className(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
