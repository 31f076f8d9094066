package runtimes

import (
	"math"
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
			for _, s := range split(class, 10, 1000, all) {
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
	sites := split("[B", 400, 20_020_000, []liveSample{large, large, small, large, small, small, at(9, 10)})
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
		sites = split("com.shop.Item", 200, 3200, samples)
		if len(sites) != 1 || sites[0].File != "" || sites[0].Type != "com.shop.Item" || sites[0].BytesPerRequest != 3200 {
			t.Errorf("without a line: %+v", sites)
		}
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
