package fault

import "testing"

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"uirs", "uris", 1}, {"budjet", "budget", 1}, {"get", "sets", 2}, {"abc", "abc", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestClosest(t *testing.T) {
	words := []string{"fail-on", "output", "only", "sites-for"}
	for name, want := range map[string]string{"failon": "fail-on", "ouptut": "output", "OUTPUT": "output", "zebra": "", "": ""} {
		if got := Closest(name, words); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
