package record

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

// lines are the lines of raw, each with its newline.
func lines(raw []byte) (out [][]byte) {
	for l := range bytes.Lines(raw) {
		out = append(out, l)
	}
	return out
}

// A journal that ends anywhere loses no more than the line that is not whole.
func TestReaderOfATornJournal(t *testing.T) {
	h, events := small()
	raw := written(t, h, events...)
	whole := len(lines(raw)[0])
	for n := range len(raw) {
		_, got, tail, err := read(raw[:n])
		if n < whole {
			want := ErrCut
			if n == 0 {
				want = ErrEmpty
			}
			if !errors.Is(err, want) {
				t.Fatalf("%d bytes: %v, want %v", n, err, want)
			}
			continue
		}
		good := bytes.LastIndexByte(raw[:n], '\n') + 1
		want := Tail{Lines: bytes.Count(raw[:n], []byte("\n")), Bytes: int64(good), Torn: int64(n - good)}
		if err != nil || tail != want || !reflect.DeepEqual(got, append([]Event{}, events[:want.Lines-1]...)) && want.Lines > 1 {
			t.Fatalf("%d bytes: %v, %+v, %d events; want %+v", n, err, tail, len(got), want)
		}
	}
}

// Whatever byte is another: the journal says so, and what comes before is right.
// Bit 5 makes capitals of small letters, which hexadecimal numbers may have, too.
func TestReaderOfAFlippedBit(t *testing.T) {
	h, events := small()
	raw := written(t, h, events...)
	last := len(raw) - len(lines(raw)[len(events)])
	for i := range raw {
		for _, bit := range []int{5, i % 8} {
			bad := bytes.Clone(raw)
			bad[i] ^= 1 << bit
			_, got, tail, err := read(bad)
			// The newline before the last line is a part of it once it is none.
			if err == nil && (tail.Torn == 0 || i < last-1) {
				t.Fatalf("byte %d, bit %d: not noticed: %+v", i, bit, tail)
			}
			if before := max(0, bytes.Count(raw[:i], []byte("\n"))-1); len(got) > before || len(got) > 0 && !reflect.DeepEqual(got, events[:len(got)]) {
				t.Fatalf("byte %d, bit %d: %d events were believed, and %d stand before it", i, bit, len(got), before)
			}
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	h, events := small()
	raw := written(t, h, events...)
	ls := lines(raw)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	sealed := func(line string) []byte {
		e := NewEncoder(page)
		out, err := e.Header(nil, h)
		if err != nil {
			t.Fatal(err)
		}
		if out, err = e.seal(out, append(out, line...)); err != nil {
			t.Fatal(err)
		}
		return out
	}
	older := h
	older.Version = 0
	v0, err := NewEncoder(page).line(nil, opening+magic+`"`, older)
	if err != nil {
		t.Fatal(err)
	}
	newer := []byte(strings.Replace(string(raw), `"version":1`, `"version":3`, 1))
	for name, c := range map[string]struct {
		raw  []byte
		want string
	}{
		"empty":                {nil, "it is empty"},
		"a result":             {[]byte(`{"schema_version": 1}`), "it is not a journal of leakhunt"},
		"text":                 {[]byte("requests,rss_bytes\n1,2\n"), "it is not a journal of leakhunt"},
		"zeros":                {make([]byte, 100), "it is not a journal of leakhunt"},
		"newer":                {newer, "its format has version 3, and this leakhunt reads up to version 2 (leakhunt 1.0 wrote it)"},
		"version 0":            {v0, "its format has version 0, and this leakhunt reads up to version 2"},
		"newer, from nobody":   {[]byte(head1 + "3,\"tool\":\"\\u001b[31m\"}\n"), "its format has version 3, and this leakhunt reads up to version 2"},
		"newer, cut":           {newer[:60], "its format has version 3, and this leakhunt reads up to version 2"},
		"a header that is bad": {join([]byte(strings.Replace(string(ls[0]), `"version":1`, `"version":0`, 1)), ls[1]), "line 1: its checksum is wrong"},
		"a line is missing":    {join(ls[0], ls[1], ls[3], ls[4]), "line 3: its checksum is wrong, or lines before it are missing"},
		"a line stands twice":  {join(ls[0], ls[1], ls[1], ls[2]), "line 3: its checksum is wrong"},
		"lines are swapped":    {join(ls[0], ls[2], ls[1], ls[3]), "line 2: its checksum is wrong"},
		"an empty line":        {join(ls[0], []byte("\n"), ls[1]), "line 2: its checksum is wrong"},
		"Windows newlines":     {bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")), "line 1: its checksum is wrong"},
		"two journals":         {join(raw, raw), "line 14: another journal begins here"},
		"two runs wrote it":    {join(ls[0], written(t, h, events[1], events[0])[len(ls[0]):], ls[1], ls[2]), "line 4: its checksum is wrong"},
		"no newline, ever":     {join(ls[0], bytes.Repeat([]byte("x"), MaxLine+1)), "line 2: it is longer than 8 MiB"},
		"too long a line":      {join(ls[0], bytes.Repeat([]byte("x"), MaxLine), []byte("\n"), ls[1]), "line 2: it is longer than 8 MiB"},
		"too long a header":    {join([]byte(head1), bytes.Repeat([]byte("1"), MaxLine), []byte("\n"), ls[1]), "its format has version"},
		"lane 0":               {sealed(`{"e":"finished","lane":0`), `line 2: finished: lane "0" is a number from 1 to 64`},
		"a lane of text":       {sealed(`{"e":"finished","lane":"2"`), `line 2: finished: lane "\"2\"" is a number from 1 to 64`},
		"no kind":              {sealed(`{"x":1`), "line 2: it does not say which event it is"},
		"no JSON":              {sealed(`{"e":"x","y`), "line 2: x: this is no JSON object"},
		"a wrong type":         {sealed(`{"e":"began","t":"soon"`), "line 2: began: json: cannot unmarshal string"},
		"too large a number":   {sealed(`{"e":"began","t":1e999`), "line 2: began: json: cannot unmarshal number"},
		"no unit":              {sealed(`{"e":"readings","n":1,"metric":"AA==","at":"AA==","latency":"AA=="`), "line 2: readings: a unit of 0 bytes"},
		"fewer times":          {sealed(`{"e":"readings","n":1,"unit":1,"metric":"AA==","latency":"AA=="`), "line 2: readings: at: 0 values, and 1 were to come"},
		"more than it says":    {sealed(`{"e":"readings","n":0,"unit":1,"metric":"AA=="`), "line 2: readings: metric: 1 values, and 0 were to come"},
		"fewer than it says":   {sealed(`{"e":"readings","n":1000000000000,"unit":1`), "line 2: readings: metric: 0 values, and 1000000000000 were to come"},
		"no base64":            {sealed(`{"e":"readings","n":1,"unit":1,"metric":"!"`), "line 2: readings: illegal base64 data"},
		"half a number":        {sealed(`{"e":"readings","n":0,"unit":1,"metric":"gA=="`), "line 2: readings: metric: a number that does not end"},
		"too long a number":    {sealed(`{"e":"readings","n":1,"unit":1,"metric":"/////////////w8="`), "line 2: readings: metric: a number that does not end, or is too large"},
		"a metric overflows":   {sealed(`{"e":"readings","n":1,"unit":9223372036854775807,"metric":"BA==","at":"AA==","latency":"AA=="`), "line 2: readings: metric: 2 × 9223372036854775807 is too large"},
		"a negative time":      {sealed(`{"e":"readings","n":1,"unit":1,"metric":"AA==","at":"AQ==","latency":"AA=="`), "line 2: readings: at: -1 × 1 is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, _, err := read(c.raw)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\x1b") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// The last line may be torn in any way, not only be cut off.
func TestReaderCutsOffABadLastLine(t *testing.T) {
	h, events := small()
	raw := written(t, h, events[:2]...)
	for name, tail := range map[string]string{
		"zeros of a file system": strings.Repeat("\x00", 5000), "a line": "{\"e\":\"noted\"}\n", "an empty line": "\n",
	} {
		_, got, at, err := read(append(bytes.Clone(raw), tail...))
		if want := (Tail{Lines: 3, Bytes: int64(len(raw)), Torn: int64(len(tail))}); err != nil || at != want || len(got) != 2 {
			t.Errorf("%s: %v, %+v, %d events; want %+v", name, err, at, len(got), want)
		}
	}
}

// An encoder goes on where a reader came to, also after a torn line.
func TestReaderGivesTheEncoderThatGoesOn(t *testing.T) {
	h, events := small()
	raw := written(t, h, events...)
	for n := len(lines(raw)[0]); n <= len(raw); n++ {
		r, err := NewReader(bytes.NewReader(raw[:n]))
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		out, e := bytes.Clone(raw[:r.Tail().Bytes]), r.Encoder()
		for _, ev := range events[r.Tail().Lines-1:] {
			if out, err = e.Append(out, ev); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(out, raw) {
			t.Fatalf("cut at %d, gone on with:\n%s\nwant\n%s", n, out, raw)
		}
	}
}

// errReader gives bytes and then an error.
type errReader struct {
	io.Reader
	err error
}

func (r errReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		err = r.err
	}
	return n, err
}

func TestReaderPassesErrorsOn(t *testing.T) {
	h, events := small()
	raw := written(t, h, events...)
	broken := errors.New("the disk is broken")
	for n := range len(raw) + 1 {
		r, err := NewReader(errReader{bytes.NewReader(raw[:n]), broken})
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, broken) {
			t.Fatalf("after %d bytes: %v", n, err)
		}
	}
}
