package verdict

import (
	"cmp"
	"math"
	"slices"
)

// Holm returns p-values adjusted for the family they come from, in the same
// order: where those below α are acted on, the chance of even one false
// positive is below α, however the tests depend on each other (Holm 1979,
// Scandinavian Journal of Statistics 6:65–70). NaN counts as 1.
func Holm(p []float64) []float64 {
	order := ascending(p)
	out, worst := make([]float64, len(p)), 0.0
	for rank, i := range order {
		worst = math.Max(worst, math.Min(1, float64(len(p)-rank)*asP(p[i])))
		out[i] = worst
	}
	return out
}

// BenjaminiHochberg returns p-values adjusted so that of those below α, a share
// of at most α is false on average (Benjamini & Hochberg 1995, Journal of the
// Royal Statistical Society B 57:289–300). NaN counts as 1.
func BenjaminiHochberg(p []float64) []float64 {
	order := ascending(p)
	out, least := make([]float64, len(p)), 1.0
	for rank := len(order) - 1; rank >= 0; rank-- {
		i := order[rank]
		least = math.Min(least, float64(len(p))/float64(rank+1)*asP(p[i]))
		out[i] = least
	}
	return out
}

func ascending(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(asP(p[a]), asP(p[b])) })
	return order
}

func asP(v float64) float64 {
	if math.IsNaN(v) {
		return 1
	}
	return math.Min(1, math.Max(0, v))
}
