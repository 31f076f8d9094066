package report

import "testing"

// TestMarks: axes end, whatever the numbers.
func TestMarks(t *testing.T) {
	if got := marks(0.5, 4, 1); len(got) != 4 || got[0] != 1 || got[3] != 4 {
		t.Errorf("%v", got)
	}
	if got := marks(1e17, 1e17+64, 1); len(got) > 20 {
		t.Errorf("%d marks", len(got))
	}
}
