package demo

import (
	"slices"
	"testing"

	"leakhunt/scenarios"
)

// The scenario that ships asks for every route, once, and not in an order that
// tells the leaks from the innocents.
func TestScenarioAsksForEveryRoute(t *testing.T) {
	sc, err := scenarios.Load("../../scenarios/demo.yaml", scenarios.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var asked, served []string
	for _, u := range sc.URIs {
		asked = append(asked, u.URI)
	}
	for _, r := range Routes {
		served = append(served, r.Path)
	}
	if slices.Equal(asked, served) {
		t.Error("the scenario lists the routes in the order of the table")
	}
	slices.Sort(asked)
	slices.Sort(served)
	if !slices.Equal(asked, served) {
		t.Errorf("the scenario asks for %q, the demo serves %q", asked, served)
	}
}
