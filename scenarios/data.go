package scenarios

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"

	"gopkg.in/yaml.v3"
)

// maxData is how many bytes a data file may have, maxRows how many rows: a run takes
// one for each request. maxRow is how many bytes a row may have, which is held whole.
const (
	maxData = 64 << 20
	maxRows = 100_000
	maxRow  = 1 << 20
)

var (
	errLarge = errors.New("larger than 64 MiB")
	errRows  = errors.New("more than 100,000 rows")
	errRow   = errors.New("a row is longer than 1 MiB")
)

// rowReader fails where more than maxRow bytes are read for one row.
type rowReader struct {
	r    io.Reader
	left int
}

func (r *rowReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if r.left -= n; r.left < 0 {
		return 0, errRow
	}
	return n, err
}

// readRows reads a CSV file: its first row, and those below by the names in it.
func readRows(f io.Reader) (columns []string, rows []map[string]string, err error) {
	limited := &io.LimitedReader{R: f, N: maxData + 1}
	row := &rowReader{r: limited}
	in := csv.NewReader(row)
	in.ReuseRecord = true
	for {
		row.left = maxRow
		record, err := in.Read()
		switch {
		case limited.N == 0:
			return nil, nil, errLarge // what was read of it may end within a row
		case errors.Is(err, io.EOF):
			return columns, rows, nil
		case err != nil:
			return nil, nil, err
		case columns == nil:
			columns = slices.Clone(record)
			continue
		case len(rows) == maxRows:
			return nil, nil, errRows
		}
		values := make(map[string]string, len(columns))
		for i, column := range columns {
			values[column] = record[i]
		}
		rows = append(rows, values)
	}
}

// data reads a CSV file, whose first row names the columns. No part of it is
// shown in an error: it may hold passwords.
func (d *decoder) data(dst *[]map[string]string) reader {
	return func(n *yaml.Node) {
		d.hasData = true
		var name string
		d.text(&name, notEmpty, d.regularFile)(n)
		if name == "" {
			return
		}
		f, err := os.Open(beside(d.file, name))
		if err != nil {
			d.problem(n, "make it readable to this user", "the data file cannot be opened")
			return
		}
		defer func() { _ = f.Close() }()
		columns, rows, err := readRows(f)
		var bad *csv.ParseError
		switch {
		case errors.Is(err, errLarge), errors.Is(err, errRows), errors.Is(err, errRow):
			d.problem(n, "keep the first of its rows in a file of their own: no run sends so many requests", "the data file is too large: %v", err)
			return
		case errors.As(err, &bad):
			d.problem(n, "a CSV file has the same number of columns in each row", "line %d of the data file: %v", bad.Line, bad.Err)
			return
		case err != nil:
			d.problem(n, "make it readable to this user", "the data file cannot be read")
			return
		case len(rows) == 0:
			d.problem(n, "write the names of the columns in its first row, and values below", "the data file has no rows")
			return
		}
		d.columns = columns
		if sorted := slices.Sorted(slices.Values(d.columns)); sorted[0] == "" || len(slices.Compact(sorted)) < len(d.columns) {
			d.problem(n, "give each column a name of its own in the first row", "the columns of the data file have empty or equal names")
			return
		}
		*dst = rows
	}
}
