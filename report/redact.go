package report

import (
	"reflect"

	"leakhunt/harness"
)

// Redact is r with every text that came from outside as redact leaves it.
// What is rendered from it needs no redaction any more, and is the same as
// what is rendered later from its file. Numbers stay as they are: one that
// happens to look like a secret gives nothing away, and a mark in its place
// would make JSON or CSV unreadable.
func Redact(r *harness.Result, redact func(string) string) *harness.Result {
	out, _ := redacted(reflect.ValueOf(*r), redact).Interface().(harness.Result)
	return &out
}

// fixed says that a field's text is leakhunt's own, in a form that the schema
// wants: no secret can stand in it.
func fixed(f reflect.StructField) bool {
	switch f.Name {
	case "SHA256", "Metric", "Kind", "IgnoreUntil":
		return true
	}
	return f.Type == reflect.TypeFor[harness.Tool]()
}

// redacted is a deep copy of v. Types of text other than string are closed
// sets, such as verdicts.
func redacted(v reflect.Value, redact func(string) string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch {
	case v.Type() == reflect.TypeFor[string]():
		out.SetString(redact(v.String()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !fixed(f) {
				out.Field(i).Set(redacted(v.Field(i), redact))
			}
		}
	case v.Kind() == reflect.Slice && !v.IsNil():
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(redacted(v.Index(i), redact))
		}
	}
	return out
}
