package record

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// laned is a small record of two lanes.
func laned() (Header, []Event) {
	h, events := small()
	h.Version, h.Plan.Lanes = VersionLanes, 2
	out := []Event{OfLane{2, Assigned{T: 0.5, URIs: []int{0}, Why: Second}}}
	for i, e := range events {
		if _, unknown := e.(Unknown); unknown {
			out = append(out, Unknown{Kind: "later", Data: []byte(`{"e":"later","lane":"x"}`)})
		} else {
			out = append(out, OfLane{1 + i%2, e})
		}
	}
	return h, append(out, Ended{T: 14, Complete: true})
}

func TestEventsOfLanesComeBack(t *testing.T) {
	h, events := laned()
	raw := written(t, h, events...)
	faithful(t, raw)
	got, back, _, err := read(raw)
	if err != nil || got.Version != VersionLanes || !reflect.DeepEqual(plain(back), plain(events)) {
		t.Fatalf("%v:\n got %+v\nwant %+v", err, back, events)
	}
	for _, want := range []string{`{"e":"assigned","lane":2,"t":0.5,"uris":[0],"why":"second","crc"`, `{"e":"readings","lane":2,`, `{"e":"ended","t":14,`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in\n%s", want, raw)
		}
	}
	if n := bytes.Count(raw, []byte(`"lane":`)); n != len(events)-1 {
		t.Errorf("%d lines say which lane they are of, of %d", n, len(events))
	}
}

func TestWhatIsNoEventOfALane(t *testing.T) {
	for _, e := range []Event{OfLane{0, Finished{}}, OfLane{MaxLanes + 1, Finished{}}, OfLane{1, OfLane{1, Finished{}}}, OfLane{1, Unknown{Kind: "x", Data: []byte(`{"e":"x"}`)}}, OfLane{1, nil}} {
		if out, err := NewEncoder(page).Append(nil, e); err == nil {
			t.Errorf("%+v was written as %s", e, out)
		}
	}
}
