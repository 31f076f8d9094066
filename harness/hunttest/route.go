package hunttest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// route is what requests to one URI do, from a line such as
//
//	/feed  keeps 4KiB until 400, rss 20MiB at 3, latency 2ms
//
// The clauses are what a request does to memory, and when it does:
//
//	keeps SIZE     it is kept forever: alive, and touched; of RSS, what is free goes first
//	mallocs SIZE   likewise, of malloc alone: in no object, and no line is known
//	opens N        so many descriptors more are open
//	rss SIZE       RSS grows by so much, for no reason that a counter knows
//	maps SIZE      so much more is mapped from files
//	live SIZE      so much more is alive, in one object more, or in one less, and RSS stands still
//	touches SIZE   so many bytes more are touched
//	frees SIZE     RSS grows by so much, which is free then
//	±SIZE          anything between −SIZE and SIZE, in place of SIZE
//	until N, from N, from N until M, at N, every N
//	               which requests do it, counted in each process
//	alone          on a process that is opened for this URI alone
//
// Other clauses are requests N, latency TIME, budget SIZE, forced, answers STATUS WHEN,
// fails WHEN, dies WHEN and ends WHEN. With dies the process ends instead of an answer,
// with ends after it. Requests that end processes are counted over all processes.
type route struct {
	name    string
	latency float64 // seconds
	clauses []clause
	n, life int // requests so far: in all, and to this process
	random  uint32
	alone   bool // the process is opened for it alone
}

type clause struct {
	verb   string
	amount float64 // bytes, or a status
	around bool    // anything between −amount and amount
	when   when
}

// when says which requests are meant. The zero value is all of them.
type when struct {
	from, until, at, every int
	alone                  bool
}

func (w when) holds(n int, alone bool) bool {
	return (!w.alone || alone) && n >= w.from && (w.until == 0 || n <= w.until) && (w.at == 0 || n == w.at) && (w.every == 0 || n%w.every == 0)
}

type outcome struct {
	failed bool
	died   bool // the process, instead of an answer
	ended  bool // the process, after the answer
}

// request lets one request do what its route says.
func (p *Process) request(u *route) (end outcome) {
	u.n++
	u.life++
	for _, c := range u.clauses {
		n := u.life
		if c.verb == "dies" || c.verb == "ends" {
			n = u.n
		}
		if !c.when.holds(n, u.alone) {
			continue
		}
		v := c.amount
		if c.around {
			u.random = u.random*1664525 + 1013904223 // Numerical Recipes
			v *= float64(u.random>>8)/(1<<23) - 1
		}
		switch c.verb {
		case "keeps", "mallocs":
			used := min(p.free, v)
			p.free -= used
			p.rss += v - used
			p.live += v
			p.touched += v
			if c.verb == "mallocs" {
				p.malloced += v
			} else {
				p.objects++
			}
		case "opens":
			p.opened += v
		case "rss":
			p.rss += v
		case "maps":
			p.rss += v
			p.files += v
		case "live":
			p.live += v
			p.objects += math.Copysign(1, v)
		case "touches":
			p.touched += v
		case "frees":
			p.rss += v
			p.free += v
		case "fails":
			end.failed = true
		case "dies":
			end.died = true
		case "ends":
			end.ended = true
		}
	}
	return end
}

func (u *route) status() int {
	for _, c := range u.clauses {
		if c.verb == "answers" && c.when.holds(u.life, u.alone) {
			return int(c.amount)
		}
	}
	return 200
}

// parseClause reads a clause whose words are those.
func parseClause(words []string) (c clause, err error) {
	c.verb = words[0]
	rest := words[1:]
	switch c.verb {
	case "keeps", "mallocs", "opens", "rss", "maps", "live", "touches", "frees", "answers":
		if len(rest) == 0 {
			return c, fmt.Errorf("%s says not how much", c.verb)
		}
		text, around := strings.CutPrefix(rest[0], "±")
		c.around = around
		if c.amount, err = size(text); err != nil {
			return c, err
		}
		rest = rest[1:]
	case "fails", "dies", "ends":
	default:
		return c, fmt.Errorf("no clause begins with %q", c.verb)
	}
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		if word == "alone" {
			c.when.alone = true
			continue
		}
		if len(rest) == 0 {
			return c, fmt.Errorf("%s %s: a number is missing", c.verb, word)
		}
		n, err := strconv.Atoi(rest[0])
		if err != nil {
			return c, err
		}
		rest = rest[1:]
		switch word {
		case "from":
			c.when.from = n
		case "until":
			c.when.until = n
		case "at":
			c.when.at = n
		case "every":
			c.when.every = n
		default:
			return c, fmt.Errorf("%s is no time for %s", word, c.verb)
		}
	}
	return c, nil
}

// size is a number of bytes, such as -4KiB, or a number.
func size(text string) (float64, error) {
	for _, u := range []struct {
		name string
		of   float64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}} {
		if digits, ok := strings.CutSuffix(text, u.name); ok {
			v, err := strconv.ParseFloat(digits, 64)
			return v * u.of, err
		}
	}
	panic("unreachable")
}

func seconds(text string) (float64, error) {
	d, err := time.ParseDuration(text)
	return d.Seconds(), err
}
