package record

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// packed are Readings as a journal holds them. Each list is its first value and then
// the difference of each value from the one before it. They are signed varints
// (encoding/binary), which JSON holds in base64. Memory that stands still and requests
// that take about as long as the last ones need one to two bytes for each number.
type packed struct {
	N       int     `json:"n"`    // values of each list
	Unit    int64   `json:"unit"` // of the metric, in bytes: a page, or 1
	Metric  []byte  `json:"metric,omitempty"`
	At      []byte  `json:"at,omitempty"`
	Latency []byte  `json:"latency,omitempty"`
	Answers Answers `json:"answers"`
	Sent    int     `json:"sent"`
	Failure string  `json:"failure,omitempty"`
	Touched []Touch `json:"touched,omitempty"`
}

func pack(r Readings, page int64) (packed, error) {
	n := len(r.Metric)
	if len(r.At) != n || len(r.Latency) != n {
		return packed{}, fmt.Errorf("readings: %d of memory, %d times and %d latencies", n, len(r.At), len(r.Latency))
	}
	unit := page
	for _, m := range r.Metric {
		if m%page != 0 {
			unit = 1
			break
		}
	}
	return packed{
		N: n, Unit: unit,
		Metric: differences(r.Metric, unit), At: differences(r.At, 1), Latency: differences(r.Latency, 1),
		Answers: r.Answers, Sent: r.Sent, Failure: r.Failure, Touched: r.Touched,
	}, nil
}

func (p packed) unpack() (r Readings, err error) {
	r = Readings{Answers: p.Answers, Sent: p.Sent, Failure: p.Failure, Touched: p.Touched}
	if p.Unit < 1 {
		return Readings{}, fmt.Errorf("a unit of %d bytes", p.Unit)
	}
	if r.Metric, err = sums[int64](p.Metric, p.N, p.Unit); err != nil {
		return Readings{}, fmt.Errorf("metric: %w", err)
	}
	if r.At, err = sums[uint32](p.At, p.N, 1); err != nil {
		return Readings{}, fmt.Errorf("at: %w", err)
	}
	if r.Latency, err = sums[uint32](p.Latency, p.N, 1); err != nil {
		return Readings{}, fmt.Errorf("latency: %w", err)
	}
	return r, nil
}

// differences are those of values that are multiples of unit, in units. What
// overflows wraps around, here as in sums, so that any values come back.
func differences[T int64 | uint32](values []T, unit int64) []byte {
	if len(values) == 0 {
		return nil
	}
	out := make([]byte, 0, 2*len(values)+binary.MaxVarintLen64)
	var last int64
	for _, v := range values {
		u := int64(v) / unit
		out = binary.AppendVarint(out, u-last)
		last = u
	}
	return out
}

// sums are the n values that raw holds the differences of. It takes memory for as
// many as there are in raw, whatever n says.
func sums[T int64 | uint32](raw []byte, n int, unit int64) ([]T, error) {
	have := 0
	for _, b := range raw {
		if b < 0x80 { // the last byte of a varint
			have++
		}
	}
	if have != n {
		return nil, fmt.Errorf("%d values, and %d were to come", have, n)
	}
	if n == 0 && len(raw) == 0 {
		return nil, nil
	}
	out := make([]T, 0, n)
	var last int64
	for len(raw) > 0 {
		d, size := binary.Varint(raw)
		if size <= 0 {
			return nil, errors.New("a number that does not end, or is too large")
		}
		raw = raw[size:]
		last += d
		v := last * unit
		if v/unit != last || int64(T(v)) != v {
			return nil, fmt.Errorf("%d × %d is too large", last, unit)
		}
		out = append(out, T(v))
	}
	return out, nil
}
