package scenarios

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"

	"gopkg.in/yaml.v3"
)

// maxData is how many bytes a data file may have.
const maxData = 64 << 20

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
		records, err := csv.NewReader(io.LimitReader(f, maxData)).ReadAll()
		var bad *csv.ParseError
		switch {
		case errors.As(err, &bad):
			d.problem(n, "a CSV file has the same number of columns in each row", "line %d of the data file: %v", bad.Line, bad.Err)
			return
		case err != nil:
			d.problem(n, "make it readable to this user", "the data file cannot be read")
			return
		case len(records) < 2:
			d.problem(n, "write the names of the columns in its first row, and values below", "the data file has no rows")
			return
		}
		d.columns = records[0]
		if sorted := slices.Sorted(slices.Values(d.columns)); sorted[0] == "" || len(slices.Compact(sorted)) < len(d.columns) {
			d.problem(n, "give each column a name of its own in the first row", "the columns of the data file have empty or equal names")
			return
		}
		for _, record := range records[1:] {
			row := map[string]string{}
			for i, column := range d.columns {
				row[column] = record[i]
			}
			*dst = append(*dst, row)
		}
	}
}
