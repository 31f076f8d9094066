// Command ratio compares the speed of leakhunt's client, which reads RSS after
// each request, with hey and wrk, which read nothing: the same server process,
// one connection, in turns. It needs hey and wrk on the PATH.
//
// What else runs on the machine takes from all of them, but not at the same time
// as much. So a ratio is taken within each round, whose turns lie side by side,
// and the median of the rounds is what counts.
//
//	go run ./harness/load/ratio -rounds 9 -seconds 1
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"leakhunt/harness/load"
	"leakhunt/harness/memory"
	"leakhunt/harness/proc"
)

func main() {
	serve := flag.Bool("serve", false, "be the server")
	seconds := flag.Int("seconds", 1, "length of each turn")
	rounds := flag.Int("rounds", 9, "turns of each")
	flag.Parse()
	var err error
	if *serve {
		err = server(os.Stdin, os.Stdout)
	} else {
		err = compare(os.Stdout, *seconds, *rounds)
	}
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "ratio:", err)
		os.Exit(1)
	}
}

// server answers "ok" to everything, until in ends.
func server(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, in)
		_ = l.Close()
	}()
	err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	}))
	if strings.Contains(err.Error(), "use of closed") {
		return nil
	}
	return err
}

// contestant runs one turn and returns requests per second.
type contestant struct {
	name string
	turn func() (float64, error)
	got  []float64
}

func compare(out io.Writer, seconds, rounds int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	srv := exec.Command(self, "-serve")
	srv.Stderr = os.Stderr
	stop, err := srv.StdinPipe()
	if err != nil {
		return err
	}
	said, err := srv.StdoutPipe()
	if err != nil {
		return err
	}
	if err := srv.Start(); err != nil {
		return err
	}
	defer func() {
		_ = stop.Close()
		_ = srv.Wait()
	}()
	addr, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return err
	}
	addr = strings.TrimSpace(addr)
	url := "http://" + addr + "/"
	lasting := fmt.Sprintf("%ds", seconds)
	turn := time.Duration(seconds) * time.Second
	all := []*contestant{
		{name: "leakhunt, RSS after each request", turn: func() (float64, error) { return leakhunt(addr, srv.Process.Pid, turn, true) }},
		{name: "leakhunt, no reading", turn: func() (float64, error) { return leakhunt(addr, srv.Process.Pid, turn, false) }},
		{name: "hey -c 1", turn: func() (float64, error) { return tool("hey", "-c", "1", "-z", lasting, url) }},
		{name: "wrk -t1 -c1", turn: func() (float64, error) { return tool("wrk", "-t1", "-c1", "-d"+lasting, url) }},
	}
	before := runnable()
	for range rounds {
		for _, c := range all {
			rate, err := c.turn()
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.got = append(c.got, rate)
		}
	}
	hey, wrk := all[2], all[3]
	table := fmt.Appendf(nil, "%-34s %12s %8s %8s   %s\n", "medians of the rounds", "requests/s", "× hey", "× wrk", "× wrk in each round")
	for _, c := range all {
		table = fmt.Appendf(table, "%-34s %12.0f %8.2f %8.2f   %.2f\n", c.name,
			median(c.got), median(c.against(hey)), median(c.against(wrk)), c.against(wrk))
	}
	table = fmt.Appendf(table, "runnable before and after: %s, %s of %d CPUs\n", before, runnable(), runtime.NumCPU())
	_, err = out.Write(table)
	return err
}

// runnable is how many threads of the machine wanted to run in the last minute,
// on average: where there were more than CPUs before, the figures are of others.
func runnable() string {
	text, _ := os.ReadFile("/proc/loadavg")
	load, _, _ := strings.Cut(string(text), " ")
	return load
}

// against is how many times as fast as other c was, in each round.
func (c *contestant) against(other *contestant) []float64 {
	times := make([]float64, len(c.got))
	for i := range times {
		times[i] = c.got[i] / other.got[i]
	}
	return times
}

func leakhunt(addr string, pid int, turn time.Duration, read bool) (float64, error) {
	id, err := proc.Find(pid)
	if err != nil {
		return 0, err
	}
	meter, err := memory.Open(id)
	if err != nil {
		return 0, err
	}
	defer meter.Close()
	t, err := load.Compile(load.Spec{URI: "/", Timeout: 30 * time.Second})
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := load.New(load.Endpoint{Network: "tcp", Address: addr, Host: addr}, true)
	defer c.Close()
	begin := time.Now()
	for n := 1; ; n++ {
		if res := c.Do(ctx, t, load.Values{N: n}); !res.OK() {
			return 0, fmt.Errorf("request %d: %w %s", n, res.Err, res.Failure)
		}
		if read {
			if _, err := meter.RSS(); err != nil {
				return 0, err
			}
		}
		const look = 100 // requests between two looks at the clock
		if n%look != 0 {
			continue
		}
		if took := time.Since(begin); took >= turn {
			return float64(n) / took.Seconds(), nil
		}
	}
}

var perSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)

func tool(name string, args ...string) (float64, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w\n%s", err, out)
	}
	m := perSecond.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("no rate in its output:\n%s", out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}
