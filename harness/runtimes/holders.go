package runtimes

import (
	"context"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/heap"
	"leakhunt/harness/units"
)

// What a dump takes for a byte that is alive: at most so much on disc, and in
// the process itself. Ruby writes its dump as it walks; V8 makes the whole
// snapshot first, of 60 to 100 bytes a reference (measured: 12 times what is
// alive with 50,000 live objects, 16 times with 2,000,000 small ones).
const (
	rubyDumpSize   = 8
	nodeDumpSize   = 4
	nodeDumpMemory = 20
	nodeDumpLeast  = 64 << 20 // bytes
)

// StartHolders begins a short pass of its own that finds what holds the objects
// of sites: it notes of every object where it is made. The pass ends with
// StopHolders. room is how many bytes more the process may take: it is an error
// where the dump would need more.
func (a *Agent) StartHolders(ctx context.Context, room int64) (ok bool, err error) {
	if a.runtime == "python" {
		return false, fault.Measuref("tracemalloc does not tell; gc.get_referrers(object) does, called in the process")
	}
	if need := int64(nodeDumpLeast + nodeDumpMemory*a.live); a.runtime == "node" && need > room {
		return false, fault.Measuref("a heap snapshot may need %s more, and there is room for %s",
			units.Bytes(float64(need)), units.Bytes(float64(room)))
	}
	dir, err := newFolder(a.pid)
	if err != nil {
		return false, err
	}
	if err = dir.room(int64(a.live * map[string]float64{"ruby": rubyDumpSize, "node": nodeDumpSize}[a.runtime])); err == nil {
		err = older(a.startTrace(ctx, "hold on"))
	}
	if err != nil {
		dir.remove()
		return false, err
	}
	a.dump = dir
	return true, nil
}

// older explains the error of an agent that does not know a command yet.
func older(err error) error {
	if err != nil && strings.Contains(err.Error(), "unknown command") {
		return fault.Measuref("the agent in this process is older than this leakhunt: print it anew with leakhunt agent LANGUAGE").
			Because(errReported)
	}
	return err
}

// StopHolders ends the pass, and returns sites with RetainedBy filled in where
// it is known. The process writes its heap to a file, which is gone again when
// StopHolders returns; the note says where it told nothing. After an error tracing is off: the
// agent has ended it, or its connection is closed.
func (a *Agent) StopHolders(ctx context.Context, sites []Site) (held []Site, note string, err error) {
	dir := a.dump
	a.dump = nil
	if dir == nil {
		return sites, "", fault.Measuref("tracing is not on")
	}
	defer dir.remove()
	if _, err := a.ask(ctx, "hold off\t"+dir.path+"/heap"); err != nil {
		return sites, "", err
	}
	file, err := dir.open("heap")
	if err != nil {
		return sites, "", fault.Measuref("the process has written no heap dump").Because(err)
	}
	defer file.Close()
	wanted := make([]heap.Site, len(sites))
	for i, s := range sites {
		wanted[i] = heap.Site{File: s.File, Line: s.Line, Type: s.Type}
	}
	read := heap.Ruby
	if a.runtime == "node" {
		read = heap.V8
	}
	ways, err := read(file, wanted)
	if err != nil {
		return sites, "", err
	}
	held, note = append(held, sites...), "the dump of the heap does not tell what holds them"
	for i, w := range ways {
		if a.runtime == "ruby" {
			a.names(ctx, w.Steps)
		}
		held[i].RetainedBy = w.Words()
		if len(w.Steps) > 0 {
			note = ""
		}
	}
	return held, note, nil
}

// names asks the agent for what a dump does not tell: the constants, variables
// and keys by which one step holds the next. Without an answer they have none.
func (a *Agent) names(ctx context.Context, steps []heap.Step) {
	const most = 100 // steps that are asked for
	command, first := "names", max(0, len(steps)-most)
	for i := range steps {
		if steps[i].Shared && i >= first {
			command += "\t" + steps[i].Address
		}
	}
	if command == "names" {
		return
	}
	ans, err := a.ask(ctx, command)
	if err != nil {
		return
	}
	for i, name := range ans.Names {
		if at := first + i; at < len(steps) && steps[at].Name == "" && heap.Structural(name) {
			steps[at].Name = name
		}
	}
}
