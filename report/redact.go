package report

import "reflect"

// Redact is v, a result or a part of a record, with every text that came from
// outside as redact leaves it. What is rendered from a redacted result needs no
// redaction any more. It is the same as what is rendered later from its file or
// its journal. Numbers stay as they are: one that happens to look like a secret
// gives nothing away, and a mark in its place would make JSON or CSV unreadable.
func Redact[T any](v T, redact func(string) string) T {
	out, _ := redacted(reflect.ValueOf(&v).Elem(), redact).Interface().(T)
	return out
}

// fixed says that a field's text is leakhunt's own, in a form that the schema
// wants or that verdicts follow from: no secret can stand in it.
func fixed(f reflect.StructField) bool {
	switch f.Name {
	case "SHA256", "Metric", "Kind", "IgnoreUntil", "Until", "StartedAt", "Tool", "Plan", "Unit", "Limit", "By":
		return true
	}
	return false
}

// redacted is a deep copy of v. Types of text other than string are closed
// sets, such as verdicts; lists of numbers hold none, and are not copied.
func redacted(v reflect.Value, redact func(string) string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch kind := v.Kind(); {
	case v.Type() == reflect.TypeFor[string]():
		out.SetString(redact(v.String()))
	case kind == reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !fixed(f) {
				out.Field(i).Set(redacted(v.Field(i), redact))
			}
		}
	case kind == reflect.Slice && !v.IsNil() && !numbers(v.Type().Elem()):
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(redacted(v.Index(i), redact))
		}
	case kind == reflect.Pointer && !v.IsNil():
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(redacted(v.Elem(), redact))
	case kind == reflect.Interface && !v.IsNil():
		out.Set(redacted(v.Elem(), redact))
	}
	return out
}

func numbers(t reflect.Type) bool { return t.Kind() >= reflect.Bool && t.Kind() <= reflect.Float64 }
