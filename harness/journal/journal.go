// Package journal keeps records on disk. It writes a run's record while the run goes
// on, and reads it again. It lists the journals that are kept, and goes on with one
// whose run was cut short. Package record says what is in the file.
package journal

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"iter"
	"os"

	"leakhunt/harness/record"
)

// Journal is one that is being read.
type Journal struct {
	Name   string // of the file, for people
	Header record.Header

	reader *record.Reader
	close  func() error
}

// Open opens a journal, compressed with gzip or not, and reads its header. It returns a
// usage fault for a file that is none, or that this leakhunt does not read. The caller
// closes it.
func Open(path string) (*Journal, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	j, err := Read(path, f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	j.close = f.Close
	return j, nil
}

// Read is Open for what is open already, such as standard input.
func Read(name string, in io.Reader) (*Journal, error) {
	in, err := plain(in)
	if err != nil {
		return nil, unreadable(name, err)
	}
	r, err := record.NewReader(in)
	if err != nil {
		return nil, unreadable(name, err)
	}
	return &Journal{Name: name, Header: r.Header, reader: r, close: func() error { return nil }}, nil
}

// Close ends the reading.
func (j *Journal) Close() error { return j.close() }

// Events are those that were not read yet, in order. Where one cannot be read, a
// usage fault is the last thing that comes: no verdict may be built on what came
// before it.
func (j *Journal) Events() iter.Seq2[record.Event, error] {
	return func(yield func(record.Event, error) bool) {
		for {
			ev, err := j.reader.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(nil, unreadable(j.Name, err))
				return
			}
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// Tail says, after the last event, how the journal ended.
func (j *Journal) Tail() record.Tail { return j.reader.Tail() }

// Refuse is the fault of the event that was read last, which by err cannot have
// happened then.
func (j *Journal) Refuse(err error) error {
	return unreadable(j.Name, &record.DamageError{Line: j.reader.Tail().Lines, Err: err})
}

// Run is a journal that was read to its end.
type Run struct {
	Header record.Header
	Events []record.Event
	Tail   record.Tail
}

// Load reads a journal to its end.
func Load(path string) (*Run, error) {
	j, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	return j.load()
}

func (j *Journal) load() (*Run, error) {
	run := &Run{Header: j.Header}
	for ev, err := range j.Events() {
		if err != nil {
			return nil, err
		}
		run.Events = append(run.Events, ev)
	}
	run.Tail = j.Tail()
	return run, nil
}

// Sniff says whether a file that begins with head is a journal, of whatever
// version, or may be a compressed one. 64 bytes are enough.
func Sniff(head []byte) bool { return record.Sniff(head) || compressed(head) }

func compressed(head []byte) bool { return len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b }

// plain is what in holds, decompressed where it is compressed.
func plain(in io.Reader) (io.Reader, error) {
	b := bufio.NewReader(in)
	head, err := b.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !compressed(head) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, packed(err)
	}
	return unpacker{z}, nil
}

// unpacker gives the errors of gzip a text that people understand.
type unpacker struct{ z io.Reader }

func (u unpacker) Read(p []byte) (int, error) {
	n, err := u.z.Read(p)
	return n, packed(err)
}

func packed(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the compressed file is cut short")
	}
	return err
}
