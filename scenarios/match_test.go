package scenarios

import "testing"

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		glob, name string
		want       bool
	}{
		{"/orders*", "/orders/7/items", true},
		{"*", "DELETE /cart", true},
		{"/orders/?", "/orders/7", true},
		{"/orders", "/orders/7", false},
		{"[", "[", false},
	} {
		if got := Match(c.glob, c.name); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.glob, c.name, got)
		}
	}
}
