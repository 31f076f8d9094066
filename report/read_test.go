package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
)

func TestReadRefuses(t *testing.T) {
	good := string(render(t, "json", sample(), Options{}))
	tests := map[string]struct{ text, want string }{
		"empty":          {" \n", "it is empty"},
		"cut off":        {good[:len(good)/2], "cut off after"},
		"cut at the end": {strings.TrimRight(good, "}\n"), "cut off after"},
		"text":           {"line one\nline two", "it is no JSON, line 1"},
		"binary":         {"\x7fELF\x02\x01", "it is no JSON"},
		"two documents":  {good + good, "something follows it"},
		"array":          {`[1,2]`, "it does not begin as one does"},
		"other tool":     {`{"schema_version":1,"tool":{"name":"k6"}}`, "do not say so"},
		"no version":     {`{"tool":{"name":"leakhunt"}}`, "do not say so"},
		"newer":          {strings.Replace(good, `"schema_version": 1`, `"schema_version": 2`, 1), "schema version 2, and this leakhunt reads up to 1"},
		"version 0":      {strings.Replace(good, `"schema_version": 1`, `"schema_version": 0`, 1), "schema_version is 0"},
		"version 1.5":    {strings.Replace(good, `"schema_version": 1`, `"schema_version": 1.5`, 1), "schema_version is 1.5"},
		"null array":     {strings.Replace(good, `"evidence": [`, `"evidence": null, "x": [`, 1), "uris.0.evidence"},
		"wrong type":     {strings.Replace(good, `"rank": 1`, `"rank": "first"`, 1), "uris.0.rank"},
		"unknown label":  {strings.Replace(good, `"verdict": "bloat"`, `"verdict": "guilty"`, 1), "uris.4.verdict"},
		"missing field":  {strings.Replace(good, `"complete": true,`, "", 1), "the file: missing property 'complete'"},
		"bad time":       {strings.Replace(good, `"started_at": "2026`, `"started_at": "then`, 1), "started_at"},
		"huge number":    {strings.Replace(good, `"rank": 1`, `"rank": 1e999999999`, 1), "rank is 1e999999999, which is more than can be"},
		"long number":    {strings.Replace(good, `"rank": 1`, `"rank": 1`+strings.Repeat("0", 400), 1), "which is more than can be"},
		"endless run":    {strings.Replace(good, `"t_s":`, `"t_s": 1e17, "x":`, 1), "t_s is 1e17, which is more than can be"},
		"endless series": {strings.Replace(good, `"requests":`, `"requests": 9007199254740992, "x":`, 1), "requests is 9007199254740992, which is more than can be"},
		"long value":     {`{"tool":{"name":"` + strings.Repeat("x", maxValue+1), "a value in it is longer than 1 MiB"},
		"escape":         {"{\"tool\":{\"name\":\"\x1b[31m\"}}", `invalid character '\x1b'`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := Read(strings.NewReader(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one with %q", err, tt.want)
			}
			if r != nil {
				t.Error("a result beside the error")
			}
			if fault.KindOf(err) != fault.Usage || fault.HintOf(err) == "" {
				t.Errorf("kind %v, hint %q: want a usage fault with a hint", fault.KindOf(err), fault.HintOf(err))
			}
			if strings.ContainsRune(err.Error(), '\x1b') {
				t.Errorf("control character in %q", err)
			}
		})
	}
}

func TestReadFails(t *testing.T) {
	broken := errors.New("disk on fire")
	if _, err := Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v in its chain", err, broken)
	}
}

// What a later version adds within the schema version is read.
func TestReadAdditions(t *testing.T) {
	text := render(t, "json", sample(), Options{})
	text = bytes.Replace(text, []byte(`"rank": 1,`), []byte(`"rank": 1, "colour": "blue",`), 1)
	if _, err := Read(bytes.NewReader(text)); err != nil {
		t.Error(err)
	}
	if _, err := Read(bytes.NewReader(append([]byte("\ufeff"), text...))); err != nil {
		t.Errorf("with a byte order mark: %v", err)
	}
}

func TestReadReturnsWhatWasWritten(t *testing.T) {
	want := sample()
	got, err := Read(bytes.NewReader(render(t, "json", want, Options{})))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// A result whose slices were never made still has no null in it.
func TestArraysAreNeverNull(t *testing.T) {
	r := sample()
	r.Warnings = nil
	r.URIs[0].Evidence, r.URIs[0].Probes, r.URIs[0].Sites, r.URIs[0].Series = nil, nil, nil, nil
	text := render(t, "json", r, Options{})
	if bytes.Contains(text, []byte("null")) {
		t.Error("null in the result file")
	}
	if r.Warnings != nil || r.URIs[0].Evidence != nil {
		t.Error("the caller's result was changed")
	}
	text = render(t, "json", &result.Result{Tool: result.Tool{Name: "leakhunt"}}, Options{})
	if _, err := Read(bytes.NewReader(text)); err != nil {
		t.Errorf("an empty result: %v", err)
	}
}

func TestSchemaIsDraft07(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc["$schema"] != "http://json-schema.org/draft-07/schema#" {
		t.Errorf("$schema is %v", doc["$schema"])
	}
	if _, err := compiled(); err != nil {
		t.Error(err)
	}
}

// The Go types and the schema name the same properties, and require those
// that Go always writes.
func TestSchemaAgreesWithTypes(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	agree(t, "result", reflect.TypeFor[result.Result](), doc)
}

func agree(t *testing.T, at string, typ reflect.Type, schema map[string]any) {
	t.Helper()
	kinds := map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer",
		reflect.Float64: "number", reflect.Slice: "array", reflect.Struct: "object",
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	want := kinds[typ.Kind()]
	if typ.String() == "time.Time" {
		want = "string"
	}
	if schema["type"] != want {
		t.Errorf("%s: schema says %v, Go type %s", at, schema["type"], typ)
	}
	switch want {
	case "array":
		items, _ := schema["items"].(map[string]any)
		agree(t, at+"[]", typ.Elem(), items)
	case "object":
		props, _ := schema["properties"].(map[string]any)
		var names, always []string
		for i := range typ.NumField() {
			name, option, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			names = append(names, name)
			if option != "omitempty" && option != "omitzero" {
				always = append(always, name)
			}
			if p, ok := props[name].(map[string]any); ok {
				if p["description"] == nil {
					t.Errorf("%s.%s has no description", at, name)
				}
				agree(t, at+"."+name, typ.Field(i).Type, p)
			}
		}
		same(t, at+": properties", slices.Sorted(maps.Keys(props)), names)
		var required []string
		list, _ := schema["required"].([]any)
		for _, v := range list {
			required = append(required, v.(string))
		}
		same(t, at+": required", required, always)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: schema %v, Go %v", what, got, want)
	}
}

// FuzzRead: whatever is read without an error can be written and read again,
// and is then the same.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, "json", &result.Result{Tool: result.Tool{Name: "leakhunt"}}, Options{}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema_version":1,"tool":{"name":"leakhunt","version":""}}`))
	f.Add([]byte(`{"schema_version":1e99,"tool":{"name":"leakhunt"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			if r != nil {
				t.Error("a result beside an error")
			}
			return
		}
		first := render(t, "json", r, Options{})
		again, err := Read(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("cannot read what was written: %v", err)
		}
		if second := render(t, "json", again, Options{}); !bytes.Equal(first, second) {
			t.Error("written twice, it differs")
		}
		for _, format := range Formats() {
			render(t, format, r, Options{})
		}
	})
}
