package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
	"leakhunt/harness/result"
)

// Shard is the part of a scenario's URIs that one of several runs measures.
type Shard struct{ Index, Of int } // Index from 1

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// ParseShard reads "i/n".
func ParseShard(text string) (Shard, error) {
	i, n, ok := strings.Cut(text, "/")
	s := Shard{}
	var errI, errN error
	s.Index, errI = strconv.Atoi(i)
	s.Of, errN = strconv.Atoi(n)
	switch {
	case !ok || errI != nil || errN != nil || s.Of < 1:
		return Shard{}, fault.Usagef("--shard %q is no i/n", text).WithHint("--shard 2/5 is the second of five; --shard auto asks the environment of the CI job.")
	case s.Index < 1 || s.Index > s.Of:
		return Shard{}, fault.Usagef("--shard %s: the index is out of range", text).WithHint("It goes from 1 to %d.", s.Of)
	}
	return s, nil
}

// Part is one result that is to be joined with others.
type Part struct {
	Name   string // of its file
	Result *result.Result
}

// shardFlags say which part of a scenario a run was.
const (
	shardFlag = "--shard="
	urisFlag  = "--shard-uris="
)

// Merge joins the results of a scenario's shards into that of one run. A shard that is
// missing is an error unless that is allowed: then a warning says so, and the result is
// incomplete.
func Merge(parts []Part, allowMissing bool) (*result.Result, error) {
	shards := make([]Shard, len(parts))
	for i, p := range parts {
		text := flagOf(p.Result.Command, shardFlag)
		if text == "" {
			return nil, fault.Usagef("%s is no shard: it was run without --shard", p.Name).
				WithHint("Merge joins the results of: leakhunt run SCENARIO --shard i/n -o json=FILE")
		}
		var err error
		if shards[i], err = ParseShard(text); err != nil {
			return nil, fault.Usagef("%s", p.Name).Because(err)
		}
		if err := alike(parts[0], p, shards[0], shards[i]); err != nil {
			return nil, err
		}
		if j := slices.Index(shards[:i], shards[i]); j >= 0 {
			return nil, fault.Usagef("%s and %s are both shard %s", parts[j].Name, p.Name, shards[i])
		}
	}
	var missing []string
	for i := range shards[0].Of {
		if s := (Shard{i + 1, shards[0].Of}); !slices.Contains(shards, s) {
			missing = append(missing, s.String())
		}
	}
	if len(missing) > 0 && !allowMissing {
		return nil, fault.Usagef("%s missing: %s", shardsAre(len(missing)), strings.Join(missing, ", ")).
			WithHint("Give the results of all shards, or --allow-missing.")
	}
	out, err := join(parts)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		why := fmt.Sprintf("%s missing: %s", shardsAre(len(missing)), strings.Join(missing, ", "))
		out.Warnings = append(out.Warnings, result.Warning{Code: "shards-missing", Message: why + "; what their URIs do is not known"})
		out.Complete, out.Incomplete, out.EndedBy = false, cmp.Or(out.Incomplete, why), cmp.Or(out.EndedBy, result.EndedByFault)
	} else if total, _ := strconv.Atoi(flagOf(parts[0].Result.Command, urisFlag)); total > 0 && total != urisOf(out) {
		return nil, fault.Usagef("the shards have %d URIs together, and the scenario %d: they were cut differently", urisOf(out), total).
			WithHint("Give each of them the same --timings.")
	}
	return out, nil
}

// urisOf is how many rows are those of URIs of the scenario.
func urisOf(r *result.Result) (n int) {
	for _, u := range r.URIs {
		if u.Scope == "" {
			n++
		}
	}
	return n
}

func shardsAre(n int) string { return fmt.Sprintf("%d %s", n, plural(n, "shard is", "shards are")) }

// flagOf is the value of a flag in a command line, "" without it.
func flagOf(command []string, flag string) string {
	for _, w := range command {
		if v, ok := strings.CutPrefix(w, flag); ok {
			return v
		}
	}
	return ""
}

// alike refuses parts of different runs.
func alike(a, b Part, sa, sb Shard) error {
	differ := func(what, x, y string) error {
		return fault.Usagef("%s and %s are no shards of one run: %s is %s in one, and %s in the other", a.Name, b.Name, what, x, y)
	}
	ra, rb := a.Result, b.Result
	switch {
	case ra.Scenario.Name != rb.Scenario.Name:
		return differ("the scenario", strconv.Quote(ra.Scenario.Name), strconv.Quote(rb.Scenario.Name))
	case ra.Scenario.SHA256 != rb.Scenario.SHA256:
		return differ("the scenario's hash", ra.Scenario.SHA256, rb.Scenario.SHA256)
	case ra.Tool.Version != rb.Tool.Version:
		return differ("the version of leakhunt", ra.Tool.Version, rb.Tool.Version)
	case sa.Of != sb.Of:
		return differ("the number of shards", strconv.Itoa(sa.Of), strconv.Itoa(sb.Of))
	}
	// What says which requests are sent; where they are sent to may differ.
	for _, flag := range [...]string{"--requests=", "--warmup=", "--rounds=", "--only=", "--skip=", "--tag=", "--strategy=", "--isolate=", "--lanes=", urisFlag} {
		x, y := flagsOf(ra.Command, flag), flagsOf(rb.Command, flag)
		if x != y {
			return differ(strings.TrimSuffix(flag, "="), cmp.Or(x, "not given"), cmp.Or(y, "not given"))
		}
	}
	return nil
}

func flagsOf(command []string, flag string) string {
	var all []string
	for _, w := range command {
		if v, ok := strings.CutPrefix(w, flag); ok {
			all = append(all, v)
		}
	}
	return strings.Join(all, " ")
}

// join is the result of all parts together. It took as long as the longest of them.
func join(parts []Part) (*result.Result, error) {
	out := *parts[0].Result
	out.URIs, out.Warnings, out.Summary = []result.URI{}, []result.Warning{}, result.Summary{}
	out.RequestsTotal, out.DurationS, out.Target.Restarts, out.Target.RestartedAt = 0, 0, 0, nil
	out.Command = slices.DeleteFunc(slices.Clone(out.Command), func(w string) bool {
		return strings.HasPrefix(w, shardFlag) || strings.HasPrefix(w, urisFlag) || strings.HasPrefix(w, "--timings=")
	})
	from := map[string]string{}
	var rows []result.URI // of no URI of the scenario
	out.Scan = nil
	for _, p := range parts {
		r := p.Result
		for _, u := range r.URIs {
			if u.Scope != "" {
				rows = append(rows, u)
				continue
			}
			if other, ok := from[u.Name]; ok {
				return nil, fault.Usagef("%s and %s both measured %s: they were cut differently", other, p.Name, u.Name).
					WithHint("Give each shard the same --timings.")
			}
			from[u.Name] = p.Name
			out.URIs = append(out.URIs, u)
			out.Summary.Count(u.Verdict)
		}
		for _, w := range r.Warnings {
			if !slices.Contains(out.Warnings, w) {
				out.Warnings = append(out.Warnings, w)
			}
		}
		if s := r.Scan; s != nil {
			sum := result.Scan{}
			if out.Scan != nil {
				sum = *out.Scan
			}
			out.Scan = &result.Scan{URIs: sum.URIs + s.URIs, Detectable: max(sum.Detectable, s.Detectable), Open: sum.Open + s.Open}
		}
		out.RequestsTotal += r.RequestsTotal
		out.DurationS = max(out.DurationS, r.DurationS)
		out.Target.Restarts += r.Target.Restarts
		if r.StartedAt.Before(out.StartedAt) {
			out.StartedAt = r.StartedAt
		}
		if !r.Complete && out.Complete {
			out.Complete, out.Incomplete, out.EndedBy = false, r.Incomplete, r.EndedBy
		}
	}
	for _, u := range result.Surest(rows) {
		out.URIs = append(out.URIs, u)
		out.Summary.Count(u.Verdict)
	}
	slices.SortStableFunc(out.URIs, func(a, b result.URI) int { return cmp.Compare(a.Line, b.Line) })
	result.Rank(out.URIs)
	return &out, nil
}
