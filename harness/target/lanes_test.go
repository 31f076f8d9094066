package target

import (
	"os"
	"strings"
	"testing"

	"leakhunt/harness/proc"
	"leakhunt/harness/target/passenger"
	"leakhunt/scenarios"
)

// Two lanes take two processes of a pool, keep them, and the third finds none.
func TestLanesShareAPassengerPool(t *testing.T) {
	mine, err := proc.Find(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	parent, err := proc.Find(os.Getppid())
	if err != nil {
		t.Fatal(err)
	}
	shop := passenger.App{Name: "shop", Root: "/srv/shop"}
	for _, id := range []proc.ID{mine, parent} {
		p := process(id.PID, 0, 0, passenger.Enabled)
		p.GUPID = ""
		shop.Processes = append(shop.Processes, p)
	}
	found := []passenger.Instance{instance("A", shop)}
	lanes := &pool{of: make([]proc.ID, 3)}
	take := func(lane int, not ...string) (int, error) {
		l := lanes.place(lane)
		defer l.enter()()
		c, err := l.choose(found, scenarios.Passenger{}, not)
		return c.process.PID, err
	}
	for range 2 { // the second time each has its own
		for lane, want := range []proc.ID{mine, parent} {
			if got, err := take(lane); err != nil || got != want.PID {
				t.Errorf("lane %d took pid %d, %v; want %d", lane+1, got, err, want.PID)
			}
		}
	}
	if pid, err := take(2); err == nil || !strings.Contains(err.Error(), "lanes: 3, and Passenger runs 2 processes of shop: pid ") {
		t.Errorf("pid %d, %v", pid, err)
	}
	// A fresh process for a lane is none that another has.
	if pid, err := take(0, name(&shop.Processes[0])); err == nil || !strings.Contains(err.Error(), "no fresh process") {
		t.Errorf("pid %d, %v", pid, err)
	}
}
