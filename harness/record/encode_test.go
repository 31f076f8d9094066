package record

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"math"
	"math/rand"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func TestJournalReturnsWhatWasWritten(t *testing.T) {
	h, events := small()
	raw := written(t, h, events...)
	gotH, got, tail, err := read(raw)
	if err != nil || !reflect.DeepEqual(gotH, h) || !reflect.DeepEqual(got, events) {
		t.Fatalf("%v\n got %+v %+v\nwant %+v %+v", err, gotH, got, h, events)
	}
	sameLines(t, written(t, gotH, got...), raw)
	if want := (Tail{Lines: 1 + len(events), Bytes: int64(len(raw))}); tail != want {
		t.Errorf("tail %+v, want %+v", tail, want)
	}
}

func TestJournalReturnsAnyValues(t *testing.T) {
	for seed := range int64(150) {
		rng := rand.New(rand.NewSource(seed))
		h := anyHeader(t, rng)
		var events []Event
		for _, of := range types {
			events = append(events, anyEvent(t, rng, of))
		}
		rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		raw := written(t, h, events...)
		gotH, got, tail, err := read(raw)
		if err != nil || tail.Torn != 0 {
			t.Fatalf("seed %d: %v, %+v", seed, err, tail)
		}
		if !reflect.DeepEqual(plain(gotH), plain(h)) {
			t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, gotH, h)
		}
		if len(got) != len(events) {
			t.Fatalf("seed %d: %d events of %d", seed, len(got), len(events))
		}
		for i := range events {
			if !reflect.DeepEqual(plain(got[i]), plain(events[i])) {
				t.Fatalf("seed %d:\n got %+v\nwant %+v", seed, got[i], events[i])
			}
		}
		sameLines(t, written(t, plain(gotH), plainAll(got)...), written(t, plain(h), plainAll(events)...))
	}
}

func plainAll(events []Event) []Event {
	out := make([]Event, 0, len(events))
	for _, ev := range events {
		out = append(out, plain(ev))
	}
	return out
}

// sameLines fails with the first line in which two journals differ.
func sameLines(t testing.TB, got, want []byte) {
	t.Helper()
	g, w := lines(got), lines(want)
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			t.Fatalf("line %d\n%swant\n%s", i+1, g[i], w[i])
		}
	}
	if len(g) != len(w) {
		t.Fatalf("%d lines, want %d", len(g), len(w))
	}
}

// A journal is JSON Lines, and whoever has zlib can check it.
func TestLinesCanBeCheckedElsewhere(t *testing.T) {
	h, events := small()
	raw := written(t, h, events...)
	var all []byte
	for line := range bytes.Lines(raw) {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil || line[len(line)-1] != '\n' {
			t.Fatalf("%v in %q", err, line)
		}
		all = append(all, line[:len(line)-19]...)
		sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE(all)), 16)
		if sum = strings.Repeat("0", 8-len(sum)) + sum; fields["crc"] != sum {
			t.Errorf("crc %v, want %s, of %s", fields["crc"], sum, line)
		}
	}
	if !bytes.Contains(raw, []byte(`/?a=1&b=<2>`)) {
		t.Error("the URI cannot be read")
	}
}

// The first and last member of a line are the journal's: no event may have them.
func TestNoEventHasMembersOfTheLine(t *testing.T) {
	all := []any{Header{}, packed{}}
	for _, ev := range types {
		all = append(all, ev)
		if kindOf(ev) == "" {
			t.Errorf("%T has no name", ev)
		}
	}
	for _, v := range all {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if strings.EqualFold(name, "e") || strings.EqualFold(name, "crc") {
				t.Errorf("%s.%s is written as %q", typ, typ.Field(i).Name, name)
			}
		}
	}
}

func TestEncoderRefuses(t *testing.T) {
	h, _ := small()
	for name, ev := range map[string]Event{
		"not finite":      Finished{End: Edge{T: math.NaN()}},
		"unequal lists":   Readings{Metric: []int64{1}, At: []uint32{1}},
		"too long":        Noted{Message: strings.Repeat("x", MaxLine)},
		"too long as is":  Unknown{Kind: "x", Data: []byte(`{"e":"x","y":"` + strings.Repeat("x", MaxLine) + `"}`)},
		"nil":             nil,
		"a pointer":       &Noted{},
		"no JSON":         Unknown{Kind: "x", Data: []byte(`{"e":"x","y"}`)},
		"no object":       Unknown{Kind: "x", Data: []byte(`[1]`)},
		"empty":           Unknown{},
		"two lines":       Unknown{Kind: "x", Data: []byte("{\"e\":\"x\",\n\"y\":1}")},
		"another kind":    Unknown{Kind: "x", Data: []byte(`{"e":"y"}`)},
		"a known kind":    Unknown{Kind: "noted", Data: []byte(`{"e":"noted","message":"x"}`)},
		"a header":        Unknown{Kind: magic, Data: []byte(`{"e":"` + magic + `","version":1}`)},
		"kind not first":  Unknown{Kind: "x", Data: []byte(`{"a":1,"e":"x"}`)},
		"kind with quote": Unknown{Kind: `x\`, Data: []byte(`{"e":"x\","y":"1"}`)},
	} {
		e := NewEncoder(page)
		before, err := e.Header(nil, h)
		if err != nil {
			t.Fatal(err)
		}
		after, err := e.Append(bytes.Clone(before), ev)
		if err == nil || !bytes.Equal(before, after) {
			t.Errorf("%s: error %v, %d bytes more", name, err, len(after)-len(before))
		}
		// Nothing is counted as written: what follows can be read.
		after, err = e.Append(after, Noted{Message: "next"})
		if err != nil {
			t.Fatal(err)
		}
		if _, events, _, err := read(after); err != nil || len(events) != 1 {
			t.Errorf("%s: then %v, %v", name, events, err)
		}
	}
	if _, err := NewEncoder(page).Header(nil, Header{Version: VersionLanes + 1}); err == nil {
		t.Error("a header of a newer version was written")
	}
}
