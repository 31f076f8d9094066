package main

import (
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/fault"
	"leakhunt/harness/target"
)

// TestSendChooses says which processes are reached, and which are not.
func TestSendChooses(t *testing.T) {
	shop := target.Entry{Server: "puma", App: "shop", PID: 10}
	second := target.Entry{Server: "puma", App: "shop", PID: 11}
	blog := target.Entry{Server: "gunicorn", App: "blog", PID: 20}
	store := target.Entry{Server: "go", App: "etcd", PID: 30}
	page := target.Entry{Server: "node", App: "page", PID: 40}
	hidden := target.Entry{Address: "127.0.0.1:22", Problem: "it belongs to user root"}
	for name, c := range map[string]struct {
		flags sendFlags
		list  []target.Entry
		want  []int
		wrong string // in the error or its hint
	}{
		"all of the one application":    {sendFlags{all: true}, []target.Entry{shop, second, store, hidden}, []int{10, 11}, ""},
		"several":                       {sendFlags{all: true}, []target.Entry{shop, blog}, nil, "Name one with --app: shop, blog."},
		"one of several":                {sendFlags{all: true, app: "blog"}, []target.Entry{shop, blog, store}, []int{20}, ""},
		"no server is known":            {sendFlags{all: true}, []target.Entry{store, page, hidden}, nil, "--app: etcd, page."},
		"a program that is named":       {sendFlags{all: true, app: "page"}, []target.Entry{store, page}, []int{40}, ""},
		"a name that is not there":      {sendFlags{all: true, app: "shpo"}, []target.Entry{shop, store}, nil, "There are: shop, etcd."},
		"nothing":                       {sendFlags{all: true}, []target.Entry{hidden}, nil, "no application process was found"},
		"a pid, whatever it is":         {sendFlags{pid: 30}, []target.Entry{shop, store}, []int{30}, ""},
		"a pid that serves no requests": {sendFlags{pid: 31}, []target.Entry{shop, store}, nil, "pid 31 is no application process"},
	} {
		t.Run(name, func(t *testing.T) {
			chosen, err := c.flags.choose(c.list)
			var got []int
			for _, e := range chosen {
				got = append(got, e.PID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
			if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error()+" "+fault.HintOf(err), c.wrong) {
				t.Errorf("%v (%s), want %q", err, fault.HintOf(err), c.wrong)
			}
		})
	}
}
