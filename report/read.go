package report

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"leakhunt/harness/result"

	"leakhunt/harness/bounded"
	"leakhunt/harness/fault"
)

//go:embed result.schema.json
var schemaText []byte

// Schema is the JSON Schema (draft-07) of the result file.
func Schema() []byte { return bytes.Clone(schemaText) }

// MaxResultBytes is the size up to which Read takes a result file: about
// fifteen times that of 500 URIs.
const MaxResultBytes = 128 << 20

// maxValue is how long a string or a number of it may be.
const maxValue = 1 << 20

// Read reads a result file. It returns a usage fault, and no result, for what
// is cut off, from a newer schema, damaged, or no result file at all.
func Read(r io.Reader) (*result.Result, error) { return ReadSized(r, 0) }

// ReadSized reads a result file of that size, or packed to it; 0 where nobody knows it.
// One that is too large is not read at all.
func ReadSized(r io.Reader, size int64) (*result.Result, error) {
	in := bufio.NewReader(r)
	if !object(in) {
		return nil, notOurs("it is no JSON object")
	}
	if size > MaxResultBytes {
		return nil, notOurs("it is larger than %d MiB", MaxResultBytes>>20)
	}
	value := &bounded.JSON{R: in, Most: maxValue}
	text, err := bounded.All(value, MaxResultBytes)
	switch {
	case errors.Is(err, bounded.ErrLong) && value.Long():
		return nil, notOurs("a value in it is longer than %d MiB", maxValue>>20)
	case errors.Is(err, bounded.ErrLong):
		return nil, notOurs("it is larger than %d MiB", MaxResultBytes>>20)
	case err != nil:
		return nil, fault.Usagef("cannot read the result file").Because(err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // Windows editors begin with it
	if err := wellFormed(text); err != nil {
		return nil, err
	}
	if err := ours(text); err != nil {
		return nil, err
	}
	if err := measurable(text); err != nil {
		return nil, err
	}
	if err := conforms(text); err != nil {
		return nil, err
	}
	var res result.Result
	if err := json.Unmarshal(text, &res); err != nil {
		return nil, damaged(err.Error())
	}
	return &res, nil
}

// object says that what is read may be a JSON object, before much of it is read. Of
// little, or of what cannot be read, more is said below.
func object(r *bufio.Reader) bool {
	head, err := r.Peek(512)
	if err != nil {
		return true
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n")
	return len(head) == 0 || head[0] == '{'
}

func wellFormed(text []byte) error {
	if json.Valid(text) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	var value json.RawMessage
	err := d.Decode(&value)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return damaged(fmt.Sprintf("something follows it, line %d", line(text, d.InputOffset())))
	}
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return notOurs("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Usagef("the result file is cut off after %d bytes", len(text)).
			WithHint("It was not written to its end: run again, or copy it again.")
	case errors.As(err, &syntax):
		return notOurs("it is no JSON, line %d: %v", line(text, syntax.Offset), err)
	}
	return notOurs("%v", err)
}

// most is the largest number of a result: more bytes, requests or seconds than can be.
const most = 1 << 53

// measurable refuses numbers that are none of a measurement, before anything is made of
// them: to write 1e999999999 out takes a gigabyte.
func measurable(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	key := ""
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return damaged(err.Error())
		}
		switch v := token.(type) {
		case string:
			key = v // or a value, which no number follows but in a list
		case json.Number:
			f, err := strconv.ParseFloat(v.String(), 64)
			if err != nil || math.Abs(f) > limit(key) {
				return damaged(fmt.Sprintf("line %d: %s is %.40s, which is more than can be", line(text, d.InputOffset()), cut(key, 40), v))
			}
		}
	}
}

// limit is the largest number of a name.
func limit(key string) float64 {
	switch key {
	case "seed":
		return math.MaxInt64
	case "t_s", "seconds", "duration_s":
		return 1e10
	case "requests", "requests_total", "round":
		return 1e12
	}
	return most
}

func line(text []byte, offset int64) int { return 1 + bytes.Count(text[:offset], []byte("\n")) }

func ours(text []byte) error {
	var head struct {
		Version json.Number `json:"schema_version"`
		Tool    struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"tool"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return notOurs("it does not begin as one does")
	}
	if head.Tool.Name != "leakhunt" || head.Version == "" {
		return notOurs("tool.name and schema_version do not say so")
	}
	v, err := head.Version.Int64()
	if err != nil || v < 1 {
		return damaged(fmt.Sprintf("schema_version is %s", head.Version))
	}
	if v > result.SchemaVersion {
		return fault.Usagef("the result file has schema version %d, and this leakhunt reads up to %d", v, result.SchemaVersion).
			WithHint("It was written by leakhunt %s: use that version or a newer one.", clean(head.Tool.Version))
	}
	return nil
}

func notOurs(format string, args ...any) error {
	return fault.Usagef("this is no leakhunt result file: %s", clean(fmt.Sprintf(format, args...))).
		WithHint("Result files are written by: leakhunt run SCENARIO -o json=FILE")
}

func damaged(what string) error {
	return fault.Usagef("the result file is damaged: %s", clean(what)).
		WithHint("Run again, or take the file as leakhunt wrote it.")
}
