package report

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

const (
	defaultWidth = 100
	minWidth     = 60 // below it lines are cut by the terminal, not by us
	gap          = 2  // columns between two cells
	minFlex      = 16
	minFill      = 8
	maxFill      = 40
)

// column is one column of a table over rows of T.
type column[T any] struct {
	title string
	align tw.Align
	// drop is 0 for a column that stays; the others go, the highest first,
	// where the terminal is narrow.
	drop int
	cell func(T) string // plain text
	// flex may be shortened in its middle; it gets what room is left.
	flex bool
	// fill, in the place of cell, draws in what room is left after flex.
	fill  func(T, int) string
	color func(T) string // the parameters of SGR; "" means none
}

// tableWidth is the width that a table really gets.
func tableWidth(o Options) int {
	if o.Width <= 0 {
		return defaultWidth
	}
	return max(minWidth, o.Width)
}

// grid writes rows as a table that fits: flexible columns give way to their
// minimum, then whole columns go.
func grid[T any](w io.Writer, rows []T, cols []column[T], o Options) error {
	cols = slices.Clone(cols)
	natural := make([]int, len(cols))
	widths := make([]int, len(cols))
	for i, c := range cols {
		natural[i] = width(c.title)
		if c.fill != nil {
			natural[i] = max(natural[i], minFill)
		} else {
			for _, r := range rows {
				natural[i] = max(natural[i], width(c.cell(r)))
			}
		}
		widths[i] = natural[i]
		if c.flex {
			widths[i] = min(natural[i], minFlex)
		}
	}
	room := func() int {
		used := -gap
		for _, n := range widths {
			used += n + gap
		}
		return tableWidth(o) - used
	}
	for room() < 0 {
		last := 0
		for i, c := range cols {
			if c.drop > cols[last].drop {
				last = i
			}
		}
		if cols[last].drop == 0 {
			break
		}
		cols, widths, natural = slices.Delete(cols, last, last+1), slices.Delete(widths, last, last+1), slices.Delete(natural, last, last+1)
	}
	for i, c := range cols {
		if c.flex {
			widths[i] += max(0, min(natural[i]-widths[i], room()))
		}
	}
	for i, c := range cols {
		if c.fill != nil {
			widths[i] = min(maxFill, widths[i]+room())
		}
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		for j, c := range cols {
			cells[i] = append(cells[i], c.render(r, widths[j], o.Color))
		}
	}
	return draw(w, cols, cells)
}

func (c column[T]) render(row T, columns int, color bool) string {
	if c.fill != nil {
		return c.fill(row, columns)
	}
	s := shorten(c.cell(row), columns)
	if !color || c.color == nil || c.color(row) == "" {
		return s
	}
	return "\x1b[" + c.color(row) + "m" + s + "\x1b[0m"
}

func draw[T any](w io.Writer, cols []column[T], cells [][]string) error {
	var b bytes.Buffer
	titles := make([]string, len(cols))
	align := make([]tw.Align, len(cols))
	for i, c := range cols {
		titles[i], align[i] = c.title, c.align
	}
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft, PerColumn: align},
		Padding:    tw.CellPadding{Global: tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}},
	}
	t := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.Off, BetweenRows: tw.Off},
				Lines:      tw.Lines{ShowHeaderLine: tw.Off},
			},
		})),
		tablewriter.WithConfig(tablewriter.Config{Header: cell, Row: cell, Behavior: tw.Behavior{TrimSpace: tw.Off}}),
		tablewriter.WithEastAsian(tw.Off), // as width counts, whatever the locale
	)
	t.Header(titles)
	if err := t.Bulk(cells); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	if err := t.Render(); err != nil {
		return fmt.Errorf("table: %w", err)
	}
	for line := range strings.Lines(b.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}
