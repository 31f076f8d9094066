package runtimes

import (
	"math"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

func TestParseAnswer(t *testing.T) {
	head := `{"leakhunt":1,"runtime":"ruby","version":"3.1.2"`
	for _, c := range []struct {
		name, line string
		want       string // part of the error; "" for none
	}{
		{"counters", head + `,"counters":[{"name":"live objects","unit":"objects","exact":true,"value":12}]}`, ""},
		{"garbage", "HTTP/1.1 400 Bad Request", "no answer"},
		{"nothing", "", "no answer"},
		{"other version", `{"leakhunt":2}`, "version 2"},
		{"no version", `{}`, "version 0"},
		{"its own error", head + `,"error":"objspace is not to be had"}`, "objspace is not"},
		{"no counter", head + `}`, "no counter"},
		{"no name", head + `,"counters":[{"name":"","unit":"bytes","value":1}]}`, "unit"},
		{"odd unit", head + `,"counters":[{"name":"x","unit":"pages","value":1}]}`, `"pages"`},
		{"no value", head + `,"counters":[{"name":"x","unit":"bytes"}]}`, `"x" is null, which is no number`},
		{"null", head + `,"counters":[{"name":"x","unit":"bytes","value":null}]}`, `"x" is null, which is no number`},
		{"text for a number", head + `,"counters":[{"name":"x","unit":"bytes","value":"12"}]}`, `"x" is "12", which is no number`},
		{"true for a number", head + `,"counters":[{"name":"x","unit":"bytes","value":true}]}`, `"x" is true, which is no number`},
		{"huge", head + `,"counters":[{"name":"x","unit":"bytes","value":1e300}]}`, "no amount"},
		{"commands for the terminal", "\x1b[31mred", `no answer: "?[31mred"`},
		{"half a line", head + `,"coun`, `\"version\":\"3.1.2\",\"coun"`},
		{"negative", head + `,"counters":[{"name":"x","unit":"bytes","value":-1}]}`, "no amount"},
		{"NaN", head + `,"counters":[{"name":"x","unit":"bytes","value":NaN}]}`, "no answer"},
		{"too large", head + `,"counters":[{"name":"x","unit":"bytes","value":1e999}]}`, "no answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			columns, values, err := readCounters([]byte(c.line))
			if c.want == "" {
				if err != nil || len(columns) != 1 || values[0] != 12 || !columns[0].Exact {
					t.Fatalf("got %v, %v, %v", columns, values, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) != fault.Measure {
				t.Fatalf("got %v, want a Measure error with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "Go ") && c.name != "too large" || strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("%q is no sentence for a user", err)
			}
		})
	}
}

func readCounters(line []byte) ([]Column, []float64, error) {
	a, err := parseAnswer(line)
	if err != nil {
		return nil, nil, err
	}
	return a.counters()
}

func TestSameColumns(t *testing.T) {
	a := []Column{{Name: "live objects", Unit: "objects", Exact: true}}
	if err := sameColumns(a, []Column{{Name: "live objects", Unit: "objects", Exact: true}}); err != nil {
		t.Error(err)
	}
	for _, other := range [][]Column{nil, {{Name: "live objects", Unit: "bytes", Exact: true}}, append(a, a...)} {
		if sameColumns(a, other) == nil {
			t.Errorf("%v passed for %v", other, a)
		}
	}
}

// What comes out is named, finite and not negative, or an error.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"leakhunt":1,"counters":[{"name":"a","unit":"bytes","value":1}]}`))
	f.Add([]byte(`{"leakhunt":1,"sites":[{"file":"a.rb","line":3,"stack":[{"file":"b","line":1}]}]}`))
	f.Add([]byte(`{"leakhunt":1,"error":"\ud800"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		columns, values, err := readCounters(line)
		if err != nil {
			if columns != nil || values != nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%v, %v with %v", columns, values, err)
			}
			return
		}
		for i, v := range values {
			if columns[i].Name == "" || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
				t.Fatalf("%v = %v", columns[i], v)
			}
		}
		if a, err := parseAnswer(line); err == nil {
			for _, s := range a.Sites {
				s.site()
			}
		}
	})
}
