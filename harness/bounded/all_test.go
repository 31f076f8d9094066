package bounded

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func TestAll(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 600_000} {
		in := strings.Repeat("x", n)
		for _, most := range []int64{8, 600_000} {
			for _, r := range []io.Reader{strings.NewReader(in), iotest.HalfReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in)), file(t, in)} {
				got, err := All(r, most)
				if long := int64(n) > most; long != errors.Is(err, ErrLong) || !long && string(got) != in {
					t.Errorf("%d bytes of at most %d: %d, %v", n, most, len(got), err)
				}
			}
		}
	}
	broken := errors.New("broken")
	if _, err := All(iotest.ErrReader(broken), 8); !errors.Is(err, broken) {
		t.Errorf("an error of the reader below: %v", err)
	}
}

// TestAllHoldsNoMore: what is too long is not held.
func TestAllHoldsNoMore(t *testing.T) {
	got := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := All(io.LimitReader(zeros{}, 1<<30), 8<<20); !errors.Is(err, ErrLong) {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if got > 9<<20 {
		t.Errorf("%d bytes for a limit of 8 MiB", got)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func file(t *testing.T, text string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestFile(t *testing.T) {
	name := file(t, "a body").Name()
	if got, err := File(name, 6); string(got) != "a body" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := File(name, 5); !errors.Is(err, ErrLong) {
		t.Errorf("too long: %v", err)
	}
	if _, err := File(name+"x", 5); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestJSON(t *testing.T) {
	for in, long := range map[string]bool{
		`{"a":"12345678","b":[12345678,true]}`: false,
		`{"a":"123456789"}`:                    true,
		`{"a":123456789}`:                      true,
		`{"a":"\"\"\"\""}`:                     false,
		`{"a":"\"\"\"\"1"}`:                    true,
		`[` + strings.Repeat(`1,`, 100) + `1]`: false,
		strings.Repeat(" ", 100):               false,
	} {
		for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
			j := &JSON{R: r, Most: 8}
			got, err := io.ReadAll(j)
			if long != errors.Is(err, ErrLong) || long != j.Long() || !long && string(got) != in {
				t.Errorf("%s: %q, %v", in, got, err)
			}
		}
	}
}

// cut is a value that was decoded from JSON whose strings were cut.
func cut(t *testing.T, in string) string {
	t.Helper()
	var values [2]string
	for i, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
		var v any
		if err := json.NewDecoder(&JSON{R: r, Most: 8, Cut: true}).Decode(&v); err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		values[i] = string(text)
	}
	if values[0] != values[1] {
		t.Errorf("%s: %s, and byte by byte %s", in, values[0], values[1])
	}
	return values[0]
}

func TestJSONCut(t *testing.T) {
	for in, want := range map[string]string{
		`["123456789","b"]`:                    `["12345678","b"]`,
		`["1234567\\","b"]`:                    `["1234567\\","b"]`,
		`["12345678\"9","b"]`:                  `["12345678","b"]`,
		`["123456\u00e9x","b"]`:                `["123456é","b"]`,
		`["` + strings.Repeat(`\\`, 50) + `"]`: `["\\\\\\\\"]`,
		`{"k":"v"}`:                            `{"k":"v"}`,
	} {
		if got := cut(t, in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// FuzzJSONCut: what was JSON stays JSON.
func FuzzJSONCut(f *testing.F) {
	for _, in := range []string{`{"a":"\u00e9\"\\xxxxxxx"}`, `["12345678\u12345"]`, `"\ud83d\ude00\ud83d\ude00"`} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if !json.Valid([]byte(in)) {
			return
		}
		for _, c := range in {
			if c < ' ' && c != '\n' {
				return
			}
		}
		got, err := io.ReadAll(&JSON{R: strings.NewReader(in), Most: 8, Cut: true})
		if err == nil && !json.Valid(got) {
			t.Errorf("%q became %q", in, got)
		}
	})
}
