package runtimes

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// answering is an agent that gives one answer when it is asked for routes.
func answering(t *testing.T, routes string) (found []Route, err error) {
	t.Helper()
	dir := serveAgent(t, func(_ int, command string) string {
		if command == "routes" {
			return routes + "\n"
		}
		return twelve
	})
	a, err := Dial(t.Context(), dir, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	return a.Routes(t.Context())
}

func TestRoutesAreRead(t *testing.T) {
	found, err := answering(t, `{"leakhunt":1,"routes":[{"framework":"express","method":"GET","path":"/x","function":"show","file":"file:///srv/a.js","line":3},{"path":"/y"}]}`)
	if err != nil || len(found) != 2 || found[0].At() != "/srv/a.js:3" || found[0].Method != "GET" || found[1].At() != "" {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err = answering(t, `{"leakhunt":1,"routes":[]}`); err != nil || len(found) != 0 {
		t.Errorf("none: %+v, %v", found, err)
	}
}

func TestRoutesAreBounded(t *testing.T) {
	many := strings.Repeat(`{"path":"/x"},`, maxRoutes) + `{"path":"/y"}`
	for answer, want := range map[string]string{
		fmt.Sprintf(`{"leakhunt":1,"routes":[%s]}`, many):                                          "5001 routes",
		fmt.Sprintf(`{"leakhunt":1,"routes":[{"path":"%s"}]}`, strings.Repeat("x", longRoute)+"y"): "a route of more than 8 KiB",
		fmt.Sprintf(`{"leakhunt":1,"routes":[{"path":"%s"}]}`, strings.Repeat("x", 2*maxAnswer)):   "more than 8 MiB",
		`{"leakhunt":1,"error":"unknown command"}`:                                                 "older than this leakhunt",
		`{"leakhunt":1,"routes":{}}`:                                                               "no answer",
	} {
		if found, err := answering(t, answer); err == nil || !strings.Contains(err.Error(), want) || found != nil {
			t.Errorf("%.60s: %d routes, %v; want %q", answer, len(found), err, want)
		}
	}
}
