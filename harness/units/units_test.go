package units

import (
	"math"
	"testing"
)

func TestBytes(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want string
	}{
		{0, "0 B"},
		{0.04, "0 B"},
		{0.44, "0.4 B"},
		{-0.5, "-0.5 B"},
		{9.97, "10 B"},
		{3, "3 B"},
		{310.4, "310 B"},
		{1023.4, "1023 B"},
		{1023.6, "1.0 KiB"},
		{1024, "1.0 KiB"},
		{4198, "4.1 KiB"},
		{-4198, "-4.1 KiB"},
		{1024 * 1023.96, "1.0 MiB"},
		{8 << 20, "8.0 MiB"},
		{1 << 30, "1.0 GiB"},
		{math.Ldexp(1, 80), "1048576.0 EiB"},
		{math.NaN(), "unknown"},
		{math.Inf(-1), "unknown"},
	} {
		if got := Bytes(c.in); got != c.want {
			t.Errorf("Bytes(%v) = %q, want %q", c.in, got, c.want)
		}
	}
	if got := Rate(2048); got != "2.0 KiB/request" {
		t.Errorf("Rate(2048) = %q", got)
	}
}

func TestCount(t *testing.T) {
	for in, want := range map[int]string{
		0: "0", 999: "999", 1000: "1,000", 16384: "16,384", 1234567: "1,234,567", -999: "-999", -1000: "-1,000",
		math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Count(in); got != want {
			t.Errorf("Count(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		in   float64
		want string
	}{
		{1, "1"},
		{1.004, "1"},
		{0.12, "0.12"},
		{-0.001, "0"},
		{2491.4, "2,491"},
		{99.4, "99.4"},
		{math.NaN(), "unknown"},
		{math.MaxFloat64, "1.8e+308"},
	} {
		if got := Number(c.in); got != c.want {
			t.Errorf("Number(%v) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestQuantity(t *testing.T) {
	if got := Quantity(1, "processes"); got != "1 process" {
		t.Error(got)
	}
	for v, want := range map[float64]string{1: "1 object", 1.001: "1 object", -1: "-1 object", 0: "0 objects", 1.18: "1.18 objects", 2: "2 objects"} {
		if got := Quantity(v, "objects"); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

// The number before the unit never rounds up to 1024: "1024 B" is 1.0 KiB.
func FuzzBytes(f *testing.F) {
	f.Add(1023.5)
	f.Add(1048524.9)
	f.Fuzz(func(t *testing.T, v float64) {
		s := Bytes(v)
		if math.Abs(v) < math.Ldexp(1, 60) && (s == "1024 B" || len(s) > 11) {
			t.Errorf("Bytes(%v) = %q", v, s)
		}
	})
}
