// Package units writes bytes, rates and counts the way a person reads them.
// Everything inside leakhunt is in base units; scaling happens here alone.
package units

import (
	"math"
	"strconv"
	"strings"
)

var binary = [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}

// Bytes is v bytes in the largest binary unit (IEC 80000-13) in which it is at
// least 1, with one decimal from KiB on: "310 B", "4.1 KiB", "-2.0 MiB".
// Amounts below 10 B that are not whole keep one decimal: "0.4 B". What is not
// a finite number is written as "unknown".
func Bytes(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "unknown"
	}
	sign, a := "", math.Abs(v)
	if v < 0 {
		sign = "-"
	}
	if a < 9.95 && a != math.Trunc(a) {
		if a < 0.05 {
			return "0 B"
		}
		return sign + strings.TrimSuffix(strconv.FormatFloat(a, 'f', 1, 64), ".0") + " B"
	}
	unit := 0
	// 1023.5 would round to "1024 B", 1023.95 KiB to "1024.0 KiB": go up first.
	for limit := 1023.5; a >= limit && unit < len(binary)-1; limit = 1023.95 {
		a /= 1024
		unit++
	}
	if unit == 0 {
		return sign + strconv.FormatFloat(a, 'f', 0, 64) + " B"
	}
	return sign + strconv.FormatFloat(a, 'f', 1, 64) + " " + binary[unit]
}

// Rate is v bytes per request: "4.1 KiB/request".
func Rate(v float64) string { return Bytes(v) + "/request" }

// Count is n with commas between thousands: "12,288".
func Count(n int) string {
	s := strconv.Itoa(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Number is v with two decimals at most, without trailing zeros: "1", "0.12",
// "2,491". From 100 on it is rounded to a whole number with commas.
func Number(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "unknown"
	case math.Abs(v) >= 1<<53:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case math.Abs(v) >= 99.5:
		return Count(int(math.Round(v)))
	}
	s := strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 2, 64), "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// Quantity is v with its unit, which is given in the plural: "1 object",
// "1.18 objects".
func Quantity(v float64, unit string) string {
	n := Number(v)
	if n == "1" || n == "-1" {
		one, ok := strings.CutSuffix(unit, "sses") // processes
		if unit = strings.TrimSuffix(unit, "s"); ok {
			unit = one + "ss"
		}
	}
	return n + " " + unit
}

// Seconds is v seconds: "6 s", "0.3 s".
func Seconds(v float64) string { return Number(v) + " s" }
