// Command ratio compares the speed of leakhunt's client, which reads RSS after
// each request, with hey and wrk, which read nothing: the same server process,
// one connection, in turns, medians. It needs hey and wrk on the PATH.
//
//	go run ./harness/load/ratio -requests 20000 -rounds 5
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
	requests := flag.Int("requests", 20000, "requests in each turn of leakhunt and hey")
	seconds := flag.Int("seconds", 2, "length of each turn of wrk")
	rounds := flag.Int("rounds", 5, "turns of each")
	flag.Parse()
	var err error
	if *serve {
		err = server(os.Stdin, os.Stdout)
	} else {
		err = compare(os.Stdout, *requests, *seconds, *rounds)
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

func compare(out io.Writer, requests, seconds, rounds int) error {
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
	all := []*contestant{
		{name: "leakhunt, RSS after each request", turn: func() (float64, error) { return leakhunt(addr, srv.Process.Pid, requests, true) }},
		{name: "leakhunt, no reading", turn: func() (float64, error) { return leakhunt(addr, srv.Process.Pid, requests, false) }},
		{name: "hey -c 1", turn: func() (float64, error) { return tool("hey", "-c", "1", "-n", strconv.Itoa(requests), url) }},
		{name: "wrk -t1 -c1", turn: func() (float64, error) { return tool("wrk", "-t1", "-c1", fmt.Sprintf("-d%ds", seconds), url) }},
	}
	for range rounds {
		for _, c := range all {
			rate, err := c.turn()
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.got = append(c.got, rate)
		}
	}
	hey, wrk := median(all[2].got), median(all[3].got)
	table := fmt.Appendf(nil, "%-34s %12s %8s %8s   %s\n", "", "requests/s", "× hey", "× wrk", "turns")
	for _, c := range all {
		m := median(c.got)
		table = fmt.Appendf(table, "%-34s %12.0f %8.2f %8.2f   %.0f\n", c.name, m, m/hey, m/wrk, c.got)
	}
	_, err = out.Write(table)
	return err
}

func leakhunt(addr string, pid, requests int, read bool) (float64, error) {
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
	for n := range requests {
		if res := c.Do(ctx, t, load.Values{N: n + 1}); !res.OK() {
			return 0, fmt.Errorf("request %d: %w %s", n, res.Err, res.Failure)
		}
		if read {
			if _, err := meter.RSS(); err != nil {
				return 0, err
			}
		}
	}
	return float64(requests) / time.Since(begin).Seconds(), nil
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
