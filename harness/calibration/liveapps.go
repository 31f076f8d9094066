package main

import (
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed fixtures
var fixtures embed.FS

// route is one URI of every live application, and the truth about it. What a route does
// is the same in each. The 150th request to /bloat adds 8 MB, which stay. A request to
// /garbage makes 1,000 strings of 500 B, and drops them.
type route struct {
	name  string
	leak  float64 // nominal bytes/request that are never freed; 0 for an innocent
	fills int     // requests for which it fills something bounded, 0 without
	every bool    // false: only with a counter, where it costs few requests
	alone bool    // true: only by itself, on a process of its own
}

var routes = []route{
	{name: "leak64", leak: 64},
	{name: "leak512", leak: 512},
	{name: "leak1k", leak: 1024, every: true},
	{name: "leak4k", leak: 4096, every: true},
	{name: "leak16k", leak: 16384, every: true, alone: true},
	{name: "clean", every: true},
	{name: "garbage", every: true},
	{name: "cycle"},
	{name: "large"},
	{name: "recent", fills: 100},
	{name: "warmup", fills: 400},
	{name: "cache", fills: 300, every: true},
	{name: "bloat", every: true},
}

// uri is what the scenario sends: the cache is keyed by the URL.
func (r route) uri() string {
	if r.name == "cache" {
		return "/cache/{{n}}"
	}
	return "/" + r.name
}

// application is a server whose leaks are known to the byte.
type application struct {
	runtime string
	// kept is what the leaks of 64, 512, 1,024, 4,096 and 16,384 nominal bytes really
	// keep, in bytes/request. Headers and the place in their container are included.
	// The fixture says how it comes about.
	kept map[float64]float64
	// command is what to start in the folder of the fixture.
	command []string
	// build is run once in that folder, before the first start; nil without.
	build []string
	// counter is the kind of evidence that reads more than RSS, "" without any.
	counter string
}

var applications = []application{
	{
		runtime: "ruby", counter: "agent",
		kept:    map[float64]float64{64: 40 + 8, 512: 40 + 464 + 8, 1024: 40 + 976 + 8, 4096: 40 + 4048 + 8, 16384: 40 + 16336 + 8},
		command: []string{"puma", "-w", "0", "-t", "1:1", "-b", "tcp://127.0.0.1:${PORT}", "config.ru"},
	},
	{
		runtime: "node", counter: "agent",
		kept:    map[float64]float64{64: 64, 512: 512, 1024: 1024, 4096: 4096, 16384: 16384},
		command: []string{"node", "app.js"},
	},
	{
		runtime: "python", counter: "agent",
		kept:    map[float64]float64{64: 48 + 8, 512: 496 + 8, 1024: 1008 + 8, 4096: 4080 + 8, 16384: 16368 + 8},
		command: []string{"gunicorn", "-w", "1", "-b", "127.0.0.1:${PORT}", "app:application"},
	},
	{
		runtime: "go", counter: "pprof",
		kept:    map[float64]float64{64: 64, 512: 512, 1024: 1024, 4096: 4096, 16384: 16384},
		command: []string{"./app"}, build: []string{"go", "build", "-o", "app", "main.go"},
	},
	{
		runtime: "java", counter: "jcmd",
		kept:    map[float64]float64{64: 64, 512: 512, 1024: 1024, 4096: 4096, 16384: 16384},
		command: []string{"java", "-Dsun.net.httpserver.nodelay=true", "App"}, build: []string{"javac", "App.java"},
	},
	{
		runtime: "php",
		kept:    map[float64]float64{64: 48 + 16, 512: 512 + 16, 1024: 1024 + 16, 4096: 4096 + 16, 16384: 16384 + 16},
		command: []string{"php", "worker.php"},
	},
}

// install writes the application's files to dir and builds what needs building.
func (a application) install(ctx context.Context, dir string) error {
	folder := "fixtures/" + a.folder()
	files, err := fixtures.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := fixtures.ReadFile(folder + "/" + f.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), text, 0o600); err != nil {
			return err
		}
	}
	if a.build == nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, a.build[0], a.build[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

// folder of the fixture; Go's is no package of that reserved word's looks.
func (a application) folder() string {
	if a.runtime == "go" {
		return "golang"
	}
	return a.runtime
}
