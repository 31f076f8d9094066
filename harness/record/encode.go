package record

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
)

// A journal is a record as text: JSON Lines, the header first, then an event a
// line. Each line is one object. It begins with what it is, and ends with a
// checksum:
//
//	{"e":"leakhunt-journal","version":1,"tool":"1.0",…,"crc":"2f6b01aa"}
//	{"e":"noted","message":"logged in","crc":"90c1d3e7"}
//
// In a run with several lanes a line says next which it is of:
//
//	{"e":"began","lane":2,"t":1.5,…}
//
// The checksum is the CRC-32 of zlib, gzip and PNG, in hex, over all lines so far
// without their checksums and newlines. So it shows a line that is changed, and
// one that is missing, there twice, or written by somebody else. In Python:
//
//	crc = 0
//	for line in open(path, "rb"):
//	    crc = zlib.crc32(line[:-19], crc)
//	    assert line[-11:-3] == b"%08x" % crc
//
// The first N lines of a journal are a journal. The numbers of Readings are packed:
// see packed.
//
// Strings are UTF-8; a byte that is not is replaced by U+FFFD. No header, body,
// cookie or captured value of a request or an answer is in any event.
const (
	magic   = "leakhunt-journal"
	opening = `{"e":"`
	ofLane  = `,"lane":`
	sumAt   = `,"crc":"`
	sumEnd  = `"}` + "\n"
	sumLen  = len(sumAt) + 2*crc32.Size + len(sumEnd)
)

// MaxLine is the longest line of a journal, in bytes, its newline included.
const MaxLine = 8 << 20

// Encoder writes a record as lines of a journal. Its zero value cannot be used.
type Encoder struct {
	page int64  // bytes
	sum  uint32 // of the lines so far
	json bytes.Buffer
}

// NewEncoder is an encoder that has written nothing yet. The metric is written in
// units of a page, of so many bytes, where it is a multiple of it.
func NewEncoder(pageBytes int) *Encoder {
	return &Encoder{page: max(1, int64(pageBytes))}
}

// Header appends the first line to dst.
func (e *Encoder) Header(dst []byte, h Header) ([]byte, error) {
	if h.Version > VersionLanes {
		return dst, fmt.Errorf("a header of version %d, and this leakhunt writes up to version %d", h.Version, VersionLanes)
	}
	h.Version = versionOf(h)
	return e.line(dst, opening+magic+`"`, h)
}

// Append appends the line of an event to dst. On an error dst is returned as it was,
// and nothing is counted as written. A number that is not finite is an error. So are
// readings that are not as many as their times, an Unknown that is no line, and a line
// longer than MaxLine.
func (e *Encoder) Append(dst []byte, ev Event) ([]byte, error) {
	switch ev := ev.(type) {
	case OfLane:
		return e.lane(dst, ev)
	case Unknown:
		if err := ev.check(); err != nil {
			return dst, err
		}
		return e.seal(dst, append(dst, ev.Data[:len(ev.Data)-1]...))
	case Readings:
		p, err := pack(ev, e.page)
		if err != nil {
			return dst, err
		}
		return e.line(dst, opener(ev, 0), p)
	}
	if kindOf(ev) == "" {
		return dst, fmt.Errorf("a journal has no events of type %T", ev)
	}
	return e.line(dst, opener(ev, 0), ev)
}

// lane appends the line of an event of a lane.
func (e *Encoder) lane(dst []byte, of OfLane) ([]byte, error) {
	if kindOf(of.Event) == "" || of.Lane < 1 || of.Lane > MaxLanes {
		return dst, fmt.Errorf("a journal has no events of type %T in lane %d", of.Event, of.Lane)
	}
	var v any = of.Event
	if r, ok := of.Event.(Readings); ok {
		p, err := pack(r, e.page)
		if err != nil {
			return dst, err
		}
		v = p
	}
	return e.line(dst, opener(of.Event, of.Lane), v)
}

// opener is how the line of an event begins, which may be of a lane.
func opener(ev Event, lane int) string {
	s := opening + kindOf(ev) + `"`
	if lane > 0 {
		s += ofLane + strconv.Itoa(lane)
	}
	return s
}

func (e *Encoder) line(dst []byte, begin string, v any) ([]byte, error) {
	e.json.Reset()
	enc := json.NewEncoder(&e.json)
	enc.SetEscapeHTML(false) // it is no HTML, and URIs stay readable
	if err := enc.Encode(v); err != nil {
		return dst, fmt.Errorf("%s…: %w", begin, err)
	}
	line := dst
	line = append(line, begin...)
	// json ends with a newline.
	if fields := e.json.Bytes()[1 : e.json.Len()-2]; len(fields) > 0 {
		line = append(append(line, ','), fields...)
	}
	return e.seal(dst, line)
}

// seal ends a line that was appended to dst.
func (e *Encoder) seal(dst, line []byte) ([]byte, error) {
	n := len(line) - len(dst)
	if n+sumLen > MaxLine {
		return dst, fmt.Errorf("a line of %d bytes, and a journal's are at most %d", n+sumLen, MaxLine)
	}
	e.sum = crc32.Update(e.sum, crc32.IEEETable, line[len(dst):])
	return appendSum(line, e.sum), nil
}

func appendSum(line []byte, sum uint32) []byte {
	line = append(line, sumAt...)
	line = hex.AppendEncode(line, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return append(line, sumEnd...)
}

// kindOf is how the journal calls an event; "" for what is none.
func kindOf(ev Event) string {
	switch ev.(type) {
	case Opened:
		return "opened"
	case Began:
		return "began"
	case Readings:
		return "readings"
	case Finished:
		return "finished"
	case Read:
		return "read"
	case Traced:
		return "traced"
	case Noted:
		return "noted"
	case Lost:
		return "lost"
	case Failed:
		return "failed"
	case Limited:
		return "limited"
	case Ended:
		return "ended"
	case Assigned:
		return "assigned"
	}
	return ""
}
