package runtimes

import (
	"context"
	"fmt"
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
	if need := int64(nodeDumpLeast + nodeDumpMemory*a.live); a.runtime == "node" && need > room {
		return false, fault.Measuref("a heap snapshot may need %s more, and there is room for %s",
			units.Bytes(float64(need)), units.Bytes(float64(room)))
	}
	if a.runtime == "python" {
		if err := a.startTrace(ctx, "hold on"); err != nil {
			return false, older(err)
		}
		return true, nil
	}
	dir, err := newFolder(a.pid)
	if err != nil {
		return false, err
	}
	if err = dir.room(int64(a.live*map[string]float64{"ruby": rubyDumpSize, "node": nodeDumpSize}[a.runtime]), room); err == nil {
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
// StopHolders returns (Python has no such dump: its agent looks upwards from two
// objects of each site); the note says where nothing was told. After an error
// tracing is off: the agent has ended it, or its connection is closed.
func (a *Agent) StopHolders(ctx context.Context, sites []Site) (held []Site, note string, err error) {
	held, note = append(held, sites...), "nothing told what holds them"
	ways, err := a.ways(ctx, sites)
	if err != nil {
		return sites, "", err
	}
	for i, w := range ways {
		held[i].RetainedBy = w.Words()
		if len(w.Steps) > 0 {
			note = ""
		}
	}
	return held, note, nil
}

// ways ends the pass, and finds a way for each of the sites.
func (a *Agent) ways(ctx context.Context, sites []Site) ([]heap.Way, error) {
	if a.runtime == "python" {
		return a.pythonWays(ctx, sites)
	}
	dir := a.dump
	a.dump = nil
	if dir == nil {
		return nil, fault.Measuref("tracing is not on")
	}
	defer dir.remove()
	if _, err := a.ask(ctx, "hold off\t"+dir.path+"/heap"); err != nil {
		return nil, err
	}
	file, err := dir.open("heap")
	if err != nil {
		return nil, fault.Measuref("the process has written no heap dump").Because(err)
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
	if a.runtime == "ruby" {
		for _, w := range ways {
			a.names(ctx, w.Steps)
		}
	}
	return ways, err
}

// pythonWays asks the agent, which names what it can by itself.
func (a *Agent) pythonWays(ctx context.Context, sites []Site) ([]heap.Way, error) {
	command := "hold off"
	for _, s := range sites {
		line := fmt.Sprintf("\t%d:%s", s.Line, s.File)
		if !strings.ContainsAny(s.File, "\t\n") && len(command)+len(line) < 60_000 {
			command += line
		}
	}
	ans, err := a.ask(ctx, command)
	if err != nil {
		return nil, err
	}
	ways := make([]heap.Way, len(sites))
	for i, s := range sites {
		for _, raw := range ans.Sites {
			if raw.File != s.File || raw.Line != s.Line {
				continue
			}
			ways[i] = heap.Way{Objects: int(raw.Objects)}
			for _, h := range raw.Held {
				step := heap.Step{Kind: h.Kind, Shared: h.Shared}
				if h.Shared && (heap.Structural(h.Name) || h.Kind == "module" || h.Kind == "class") {
					step.Name = h.Name
				}
				ways[i].Steps = append(ways[i].Steps, step)
			}
		}
	}
	return ways, nil
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
