package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"slices"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/journal"
	"leakhunt/harness/lanes"
	"leakhunt/harness/record"
	"leakhunt/harness/recorded"
	"leakhunt/harness/result"
	"leakhunt/report"
)

// input is a file that is being read, or standard input: "-".
type input struct {
	*bufio.Reader
	name   string
	head   []byte // how it begins, decompressed
	packed bool   // with gzip
	size   int64  // of a file, in bytes
	close  func() error
}

// open opens a file. unreadable is the fault of one that cannot be.
func (a *app) open(path string, unreadable *fault.Error) (*input, error) {
	in := &input{name: path, close: func() error { return nil }}
	if path == "-" {
		in.name = "standard input"
		in.Reader = bufio.NewReader(a.stdin)
	} else {
		if err := a.files.reads(path); err != nil {
			return nil, err
		}
		f, err := os.Open(path)
		if err != nil {
			return nil, unreadable.Because(err)
		}
		in.Reader, in.close = bufio.NewReader(f), f.Close
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			in.size = info.Size()
		}
	}
	const enough = 1 << 10
	in.head, _ = in.Peek(enough) // an error comes again when the input is read
	if z, err := gzip.NewReader(bytes.NewReader(in.head)); err == nil {
		in.packed, in.head = true, make([]byte, 64)
		n, _ := io.ReadFull(z, in.head)
		in.head = in.head[:n]
	}
	return in, nil
}

// isJournal says that the file is a journal, or begins like one.
func (in *input) isJournal() bool {
	return record.Sniff(in.head) || bytes.HasPrefix(in.head, []byte(`{"e":"`))
}

// isResult says that the file may be a result: JSON that is no export of Prometheus.
func (in *input) isResult() bool {
	return !recorded.IsExport(in.head) && bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(in.head, []byte("\ufeff")), " \t\r\n"), []byte("{"))
}

// plain is what the file holds, decompressed.
func (in *input) plain() (io.Reader, error) {
	if !in.packed {
		return in, nil
	}
	return gzip.NewReader(in)
}

// readResult is the result in a file: that of a run, or that of a run's journal.
func (a *app) readResult(path string) (*result.Result, error) {
	in, err := a.open(path, fault.Usagef("cannot read the result file").
		WithHint("Result files are written by: leakhunt run SCENARIO -o json=FILE; leakhunt runs lists the journals that are kept."))
	if err != nil {
		return nil, err
	}
	defer in.close() //nolint:errcheck // it was only read from
	if in.isJournal() {
		return a.resultOf(in)
	}
	plain, err := in.plain()
	if err != nil {
		return nil, fault.Usagef("%s", in.name).Because(err)
	}
	r, err := report.ReadSized(plain, in.size)
	if err != nil {
		return nil, fault.Usagef("%s", in.name).Because(err)
	}
	return r, nil
}

// resultOf is the result of the run whose journal this is.
func (a *app) resultOf(in *input) (*result.Result, error) {
	j, err := journal.Read(in.name, in)
	if err != nil {
		return nil, err
	}
	st, err := a.replay(j)
	if err != nil {
		return nil, err
	}
	return result.OfRun(st, version()), nil
}

// replay is what a journal has shown. What it does not hold is said.
func (a *app) replay(j *journal.Journal) (*lanes.Run, error) {
	st, unknown, err := refold(j)
	if err != nil {
		return nil, err
	}
	if len(unknown) > 0 {
		a.note("%s: a newer leakhunt wrote events that this one does not know; they are left out: %s", j.Name, strings.Join(unknown, ", "))
	}
	if n := j.Tail().Torn; n > 0 {
		a.note("%s: the last line was not written to its end, and is left out (%d bytes)", j.Name, n)
	}
	return st, nil
}

// refold is what a journal has shown, and the kinds of its unknown events.
func refold(j *journal.Journal) (st *lanes.Run, unknown []string, err error) {
	st = lanes.New(j.Header)
	for ev, err := range j.Events() {
		if err != nil {
			return nil, nil, err
		}
		if u, ok := ev.(record.Unknown); ok && !slices.Contains(unknown, u.Kind) {
			unknown = append(unknown, u.Kind)
		}
		if err := st.Append(ev); err != nil {
			return nil, nil, j.Refuse(err)
		}
	}
	return st, unknown, nil
}
