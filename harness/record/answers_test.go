package record

import "testing"

// A page that answers otherwise tells nothing of what it was before: by another status,
// or by another length.
func TestAnswersAlike(t *testing.T) {
	of := func(status int, bytes ...int64) (a Answers) {
		for _, b := range bytes {
			a.add(Answers{Status: map[int]int{status: 1}, Bytes: b})
		}
		return a
	}
	for name, c := range map[string]struct {
		a, b Answers
		like bool
	}{
		"the same":        {of(200, 500, 700), of(200, 600), true},
		"another status":  {of(200, 500), of(302, 500), false},
		"a login page":    {of(200, 12000), of(200, 900), false},
		"a longer one":    {of(200, 900), of(200, 12000), false},
		"short and empty": {of(200, 0), of(200, 60), true},
		"no answer":       {of(200, 500), Answers{}, false},
	} {
		if got := c.a.Like(c.b); got != c.like {
			t.Errorf("%s: %v", name, got)
		}
	}
}
