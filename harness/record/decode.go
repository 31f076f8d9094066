package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// decode reads a line of a journal: from is its text without checksum and closing
// brace, line all of it. What it returns shares no memory with either.
func decode(from, line []byte) (Event, error) {
	kind, err := kindIn(from)
	if err != nil {
		return nil, err
	}
	ev, err := bare(kind, from, line)
	if _, unknown := ev.(Unknown); err != nil || unknown {
		return ev, err
	}
	lane, err := laneIn(from[len(opening)+len(kind)+1:])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	if lane == 0 {
		return ev, nil
	}
	return OfLane{lane, ev}, nil
}

// laneIn is the lane that a line is of, by what follows its kind; 0 where it is of none.
func laneIn(rest []byte) (int, error) {
	rest, ok := bytes.CutPrefix(rest, []byte(ofLane))
	if !ok {
		return 0, nil
	}
	digits, _, _ := bytes.Cut(rest, []byte(","))
	lane, err := strconv.Atoi(string(digits))
	if err != nil || lane < 1 || lane > MaxLanes || string(digits) != strconv.Itoa(lane) {
		return 0, fmt.Errorf("lane %q is a number from 1 to %d", clip(digits), MaxLanes)
	}
	return lane, nil
}

func clip(text []byte) []byte { return text[:min(len(text), 20)] }

// bare reads a line without the lane that it is of.
func bare(kind string, from, line []byte) (Event, error) {
	switch kind {
	case "opened":
		return as[Opened](kind, line)
	case "began":
		return as[Began](kind, line)
	case "readings":
		var p packed
		if err := json.Unmarshal(line, &p); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		r, err := p.unpack()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		return r, nil
	case "finished":
		return as[Finished](kind, line)
	case "read":
		return as[Read](kind, line)
	case "traced":
		return as[Traced](kind, line)
	case "noted":
		return as[Noted](kind, line)
	case "lost":
		return as[Lost](kind, line)
	case "failed":
		return as[Failed](kind, line)
	case "limited":
		return as[Limited](kind, line)
	case "ended":
		return as[Ended](kind, line)
	case "assigned":
		return as[Assigned](kind, line)
	case magic:
		return nil, errors.New("another journal begins here")
	}
	u := Unknown{Kind: kind, Data: append(bytes.Clone(from), '}')}
	if !json.Valid(u.Data) {
		return nil, fmt.Errorf("%s: this is no JSON object", kind)
	}
	return u, nil
}

func as[T Event](kind string, line []byte) (Event, error) {
	var ev T
	if err := json.Unmarshal(line, &ev); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return ev, nil
}

// kindIn is what a line says it is: {"e":"KIND", followed by a comma or by its
// end, KIND in lower-case letters, digits and hyphens.
func kindIn(from []byte) (string, error) {
	rest, ok := bytes.CutPrefix(from, []byte(opening))
	end := bytes.IndexByte(rest, '"')
	if !ok || end < 1 || len(rest) > end+1 && rest[end+1] != ',' {
		return "", errors.New("it does not say which event it is")
	}
	for _, c := range rest[:end] {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return "", errors.New("it does not say which event it is")
		}
	}
	return string(rest[:end]), nil
}

// check says whether u can be written as a line and read as the same event.
func (u Unknown) check() error {
	from, ok := bytes.CutSuffix(u.Data, []byte("}"))
	kind, err := kindIn(from)
	switch {
	case !ok || err != nil || bytes.IndexByte(from, '\n') >= 0 || !json.Valid(u.Data):
		return fmt.Errorf("an unknown event %q is not one line of JSON", u.Kind)
	case kind != u.Kind:
		return fmt.Errorf("an unknown event %q says that it is %q", u.Kind, kind)
	}
	if ev, err := decode(from, u.Data); err != nil {
		return err
	} else if _, ok := ev.(Unknown); !ok {
		return fmt.Errorf("the event %q is a known one", u.Kind)
	}
	return nil
}
