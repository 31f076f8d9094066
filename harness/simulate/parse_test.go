package simulate

import (
	"reflect"
	"strings"
	"testing"

	"leakhunt/harness/record"
)

// A world is written as it is read.
func TestRoundTrip(t *testing.T) {
	for _, name := range append(Worlds(), "") {
		for seed := range uint64(20) {
			w := must(t, seed, name)
			again := parsed(t, w.String())
			if !reflect.DeepEqual(w.spec, again.spec) {
				t.Fatalf("%s of seed %d: read otherwise than it was written\n%s\n%+v\n%+v", name, seed, w, w.spec, again.spec)
			}
		}
	}
}

const every = `# all that a text can say
world everything
seed 18446744073709551615
runtime python agent tight jemalloc late
target passenger
memory fresh 24MiB files 10MiB objects 100000 holes 30% scatter 10%
plan rounds 4 requests 250 restarts 2 metric anon
limits rss 1GiB time 60s
latency 2ms
subscribers 50
uri /a latency 3ms, visitors, keyed, requests 9, answers 5KiB, line 4KiB, fails 1 in 10, kills every 300
uri /a leak 1KiB objects 3 every 400 keyed after 1s
uri /a leak 1KiB 1 in 5 native
uri /b keys 40, fails from 7, garbage 500KiB objects 5000 spread 20% cyclic, hold 3KiB objects 2 expires 5s on use, hold 1KiB expires 9s by 300
uri /c cache 1500 x 4KiB of 3000 drops third, cache 10 x 1KiB keys 5 drops all, cache 9 x 1KiB expires 700ms swept 1s
uri /d batch 100 x 200B each 30s, pool 20 x 4KiB 1 in 7, warmup 40KiB over 50, creep 2KiB, step 1MiB at 70, wave 1MiB over 100
uri /e subscribe 100B, publish 40B, leak 100B doubling, leak 2KiB visitor, leak 1KiB failing, ring 9 x 1KiB
shared ring 30000 x 1KiB
shared leak 900B keyed
background each 1s leak 100B
fault dies after 1200 once
fault dies over 512MiB
fault replaced 1 in 5000
fault counter hangs after 3
fault counter falls by 2% after 1
fault clock steps -30s after 200
fault start fails after 3
`

func TestEverything(t *testing.T) {
	w := parsed(t, every)
	if again := parsed(t, w.String()); !reflect.DeepEqual(again.spec, w.spec) {
		t.Errorf("read otherwise than it was written:\n%s", w)
	}
	do(t, w, some(w, 1)...)
}

func TestRefused(t *testing.T) {
	const begin = "runtime ruby\nuri /a\n"
	for text, want := range map[string]string{
		"":                                               "a world needs a runtime",
		"runtime ruby":                                   "1 to 10,000 URIs",
		"runtime perl":                                   `line 1: "perl" is none of`,
		"runtime php agent":                              `php has no counter "agent"`,
		"uri":                                            "a URI needs a name",
		begin + "uri /a leek 1KiB":                       `line 3: "leek" is no part of a world`,
		begin + "uri /a leak 1KIB":                       `"1KIB" is no size`,
		begin + "uri /a leak 0B":                         "a size of 1 B to 1 GiB",
		begin + "uri /a leak 9999999999GiB":              "beyond all bounds",
		begin + "uri /a leak 1KiB over 3":                `leak has no "over"`,
		begin + "uri /a leak 10B objects 11":             "11 objects cannot be made of 10B",
		begin + "uri /a cache 4KiB":                      `"4KiB" is no number`,
		begin + "uri /a cache 0 x 4KiB":                  "a count of 1",
		begin + "uri /a hold 1KiB":                       "nowhere when that expires",
		begin + "uri /a wave 1KiB":                       "nowhere over how many",
		begin + "uri /a step 1KiB":                       "nowhere at which request",
		begin + "uri /a hold 1KiB expires 1us":           "less than 1 ms",
		begin + "uri /a publish 1KiB":                    "subscribers is missing",
		begin + "uri /a fails sometimes":                 "a rate is",
		begin + "uri /a fails every 0":                   "a rate of 0",
		begin + "shared publish 3B":                      "nothing that all share",
		begin + "shared ring 3 x 3B\nshared ring 4 x 3B": "one ring",
		begin + "background each 1s ring 3 x 3B":         "nothing that all share",
		begin + "background each 3us leak 3B":            "too often",
		begin + "fault dies":                             "a fault comes after",
		begin + "fault clock steps 3s 1 in 3":            "comes after N",
		begin + "fault moves after 3":                    "no fault that is known",
		begin + "plan rounds 0":                          "a round at least",
		begin + "latency 0s":                             "takes some time",
		begin + "memory fresh 1MiB files 2MiB":           "holds what is mapped from files",
		begin + "seed 3 4":                               `"4" says nothing there`,
		begin + "world a b":                              `"b" says nothing there`,
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, not %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(every)
	for i, name := range Worlds() {
		f.Add(must(f, uint64(i), name).String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		w, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(w.String())
		if err != nil || !reflect.DeepEqual(again.spec, w.spec) {
			t.Fatalf("read otherwise than it was written (%v):\n%s", err, w)
		}
		if len(w.Truth()) != len(w.Header().Items) {
			t.Fatal("not a truth for each URI")
		}
		do(t, w, record.Open{}, record.Send{N: 20, Purpose: record.Sweep, Settle: true}, record.Measure{Wait: 0.1})
		if w.p == nil {
			return
		}
		if live, native := held(w.p); live != w.p.live || native != w.p.native {
			t.Fatalf("the books do not balance:\n%s", w)
		}
	})
}
