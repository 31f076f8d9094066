package scenarios

import (
	"errors"
	"strings"
	"testing"
)

// A data file that is too large is refused, and not cut off where nobody sees it.
func TestDataIsBounded(t *testing.T) {
	for _, c := range []struct {
		rows int
		row  string
		want error
	}{
		{maxRows, "x\n", nil},
		{maxRows + 1, "x\n", errRows},
		{1, strings.Repeat("x", maxRow+1<<16), errRow},
		{maxData / 1024, strings.Repeat("x", 1023) + "\n", errLarge},
	} {
		columns, rows, err := readRows(strings.NewReader("a\n" + strings.Repeat(c.row, c.rows)))
		if !errors.Is(err, c.want) || c.want == nil && (len(rows) != c.rows || columns[0] != "a" || rows[1]["a"] != "x") {
			t.Errorf("%d rows of %d bytes: %d rows, %v", c.rows, len(c.row), len(rows), err)
		}
	}
}
