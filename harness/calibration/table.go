package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"leakhunt/harness/units"
	"leakhunt/harness/verdict"
)

// write writes the tables as Markdown.
func write(w io.Writer, command string, day time.Time, cells []*tally) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Calibration of the verdicts\n\n`%s`, %s.\n\n", command, day.UTC().Format(time.DateOnly))
	b.WriteString("Shares stand with their exact 95 % interval (Clopper–Pearson). " +
		"A *lie* is a series called stable, bloat or warm-up with a floor below what it leaks. " +
		"*Held* is how often the interval held the true growth: what the application keeps where a counter judged; what RSS grows by where RSS did (live: as measured on other processes of the same application); " +
		"none where it is innocent. " +
		"Requests are judged ones, burn-in apart. " +
		"The simulated worlds are our own, and the recorded series were looked at while the procedure was made: " +
		"those rows say how well it fits them, only fresh series say how it does elsewhere.\n\n")
	clean(&b, cells)
	leaking(&b, cells)
	coverage(&b, cells)
	_, err := io.WriteString(w, b.String())
	return err
}

func clean(b *strings.Builder, cells []*tally) {
	b.WriteString("## Clean series: who is accused\n\n" +
		"| source | evidence | process | series | leak | at most | stable | bloat | warm-up | inconclusive | held | requests, median | time each |\n" +
		"|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	row := func(t *tally) {
		_, high := clopperPearson(t.labels[verdict.Leak], t.n)
		fmt.Fprintf(b, "| %s | %s | %s | %d | %d | %.2f %% | %d | %d | %d | %d | %s | %s | %s |\n",
			t.Source, t.Evidence, t.World, t.n, t.labels[verdict.Leak], 100*high,
			t.labels[verdict.Stable], t.labels[verdict.Bloat], t.labels[verdict.Warmup], t.labels[verdict.Inconclusive],
			t.coverage(), units.Count(t.quantile(0.5)), t.each())
	}
	eachWithTotals(cells, func(t *tally) bool { return t.Leak == 0 }, row)
	b.WriteString("\n")
}

func leaking(b *strings.Builder, cells []*tally) {
	b.WriteString("## Leaking series: who is found\n\n" +
		"| source | evidence | process | leak/request | series | found | 95 % interval | harmless | lies | inconclusive | held | growth ÷ truth | requests, median | 95 % of them | found in 3,200 | time each |\n" +
		"|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, t := range cells {
		if t.Leak == 0 {
			continue
		}
		found := t.labels[verdict.Leak]
		low, high := clopperPearson(found, t.n)
		amount := units.Number(t.Leak) + " " + t.Unit
		if t.Unit == "bytes" {
			amount = units.Bytes(t.Leak)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %d | %s | %.1f–%.1f %% | %d | %d | %d | %s | %s | %s | %s | %s | %s |\n",
			t.Source, t.Evidence, t.World, amount, t.n, share(found, t.n), 100*low, 100*high,
			t.labels[verdict.Stable]+t.labels[verdict.Bloat]+t.labels[verdict.Warmup], t.lies, t.labels[verdict.Inconclusive],
			t.coverage(), t.ratio(), units.Count(t.quantile(0.5)), units.Count(t.quantile(0.95)), share(t.soon, t.n), t.each())
	}
}

// coverage is how often the interval held the truth by kind of evidence, and by
// what was said: that of what is not convicted is wide, and is to hold all that
// may hide.
func coverage(b *strings.Builder, cells []*tally) {
	b.WriteString("\n## Interval coverage\n\n" +
		"| source | evidence | leaks found | leaks called harmless | leaks inconclusive | innocents | all |\n" +
		"|---|---|--:|--:|--:|--:|--:|\n")
	for i := 0; i < len(cells); {
		leaks, innocents, all := newTally(cell{}), newTally(cell{}), newTally(cell{})
		first := cells[i]
		for ; i < len(cells) && cells[i].Source == first.Source && cells[i].Evidence == first.Evidence; i++ {
			all.join(cells[i])
			if cells[i].Leak > 0 {
				leaks.join(cells[i])
			} else {
				innocents.join(cells[i])
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", first.Source, first.Evidence, leaks.coverage(verdict.Leak),
			leaks.coverage(verdict.Stable, verdict.Bloat, verdict.Warmup), leaks.coverage(verdict.Inconclusive),
			innocents.coverage(), all.coverage())
	}
}

// eachWithTotals calls row for each cell that counts, and for the total of each
// kind of evidence after its last.
func eachWithTotals(cells []*tally, counts func(*tally) bool, row func(*tally)) {
	var total *tally
	flush := func() {
		if total != nil {
			row(total)
		}
	}
	for _, t := range cells {
		if !counts(t) {
			continue
		}
		if total == nil || total.Source != t.Source || total.Evidence != t.Evidence {
			flush()
			total = newTally(cell{Source: t.Source, Evidence: t.Evidence, World: "**all**"})
		}
		total.join(t)
		row(t)
	}
	flush()
}

// each is the mean time of a sample: milliseconds of judging, seconds of a run.
func (t *tally) each() string {
	d := t.spent / time.Duration(max(1, t.n))
	if d >= time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

// ratio is what the leaks found were said to grow by over what they do: the
// median, and the least and the most.
func (t *tally) ratio() string {
	if len(t.ratios) == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", quantile(t.ratios, 0.5), slices.Min(t.ratios), slices.Max(t.ratios))
}

func share(k, n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(k)/float64(n))
}
