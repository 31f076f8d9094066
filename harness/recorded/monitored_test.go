package recorded

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"leakhunt/harness/fault"
)

// answer is what Prometheus answers to a range query: each series as it stands.
func answer(series ...string) string {
	return `{"status":"success","data":{"resultType":"matrix","result":[` + strings.Join(series, ",") + `]}}`
}

const (
	memoryA   = `{"metric":{"__name__":"process_resident_memory_bytes","instance":"a:1"},"values":[[100,"8000000"],[115,"8100000"],[130,"8200000"]]}`
	memoryB   = `{"metric":{"__name__":"process_resident_memory_bytes","instance":"b:1"},"values":[[100,"9000000"],[115,"9000001"],[130,"9000002"]]}`
	requestsA = `{"metric":{"__name__":"http_requests_total","instance":"a:1","code":"200"},"values":[[100,"50"],[115,"60"],[130,"60"]]}`
	errorsA   = `{"metric":{"__name__":"http_requests_total","instance":"a:1","code":"500"},"values":[[115,"2"],[130,"3"]]}`
	fellA     = `{"metric":{"__name__":"http_requests_total","instance":"a:1"},"values":[[100,"50"],[115,"10"],[130,"20"]]}`
)

// What a monitor recorded, as requests=bytes; several processes by name, in the order of the file.
func TestReadAll(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"csv":                      {good, ": 0=10000000 1=11000000 2=12100000"},
		"prometheus":               {answer(memoryA), `{instance="a:1"}: 0=8000000 50=8100000 100=8200000`},
		"prometheus, packed":       {pack(t, answer(memoryA)), `{instance="a:1"}: 0=8000000 50=8100000 100=8200000`},
		"prometheus, two":          {answer(memoryA, memoryB), `{instance="a:1"}: 0=8000000 50=8100000 100=8200000; {instance="b:1"}: 0=9000000 50=9000001 100=9000002`},
		"prometheus with counters": {answer(memoryA, requestsA, errorsA), `{instance="a:1"}: 0=8000000 12=8100000 13=8200000`},
		"an idle process":          {answer(memoryA, requestsA), `{instance="a:1"}: 0=8000000 10=8200000`},
		"the counter of another":   {answer(memoryB, requestsA), `{instance="b:1"}: 0=9000000 50=9000001 100=9000002`},
		"a counter that falls":     {answer(memoryA, fellA), `{instance="a:1"}: 0=8000000 1=8100000 2=8200000 restart`},
		"ps -o rss=":               {"20000\n 20010\n\n20020\n", ": 0=20480000 50=20490240 100=20500480"},
		"seconds and ps":           {"1700000000 20000\n1700000001 20010\n1700000010 20020\n", ": 0=20480000 10=20490240 100=20500480"},
		"ps -o pid,rss":            {"  PID   RSS\n 7 20000\n 2 0\n  PID   RSS\n 7 20010\n 2 0\n", "pid 7: 0=20480000 100=20490240"},
		"ps -o etime,pid,rss,cmd":  {"    ELAPSED PID RSS CMD\n 59 7 20000 a b\n 01:09 7 20010\n 1-01:00:59 7 20020 a\n", "pid 7: 0=20490240 100=20500480"},
		"ps aux": {
			"USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\nroot 7 0.0 0.1 30000 20000 ? Ss 11:00 0:00 puma -w 0\nwww 8 0.0 0.1 30000 30000 ? Ss 11:00 0:00 x\nroot 7 0.0 0.1 30000 20010 ? Ss 11:00 0:00 puma\nwww 8 0.0 0.1 30000 30000 ? Ss 11:00 0:00 x\n",
			"pid 7: 0=20480000 100=20490240; pid 8: 0=30720000 100=30720000",
		},
		"pidstat": {
			"Linux 6.1.0 (host) \t11/29/2026 \t_x86_64_\t(2 CPU)\n\n23:59:50      UID       PID  minflt/s  majflt/s     VSZ     RSS   %MEM  Command\n23:59:55        0         7      0.00      0.00   30000   20000   0.10  puma\n\n23:59:55      UID       PID  minflt/s  majflt/s     VSZ     RSS   %MEM  Command\n00:00:05        0         7      0.00      0.00   30000   20010   0.10  puma\nAverage:        0         7      0.00      0.00   30000   20005   0.10  puma\n",
			"pid 7: 0=20480000 100=20490240",
		},
		"pidstat, American": {
			"11:59:58 AM   UID       PID  minflt/s  majflt/s     VSZ     RSS   %MEM  Command\n11:59:59 AM     0         7      0.00      0.00   30000   20000   0.10  puma\n12:00:00 PM     0         7      0.00      0.00   30000   20010   0.10  puma\n12:00:03 PM     0         7      0.00      0.00   30000   20020   0.10  puma\n",
			"pid 7: 0=20480000 25=20490240 100=20500480",
		},
		"pidstat -h": {
			"# Time        UID       PID  minflt/s  majflt/s     VSZ     RSS   %MEM  Command\n 1700000000     0         7      0.00      0.00   30000   20000   0.10  puma\n 1700000010     0         7      0.00      0.00   30000   20010   0.10  puma\n",
			"pid 7: 0=20480000 100=20490240",
		},
	} {
		all, err := ReadAll(strings.NewReader(c.text), "x", 100)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, s := range all {
			text := s.Name + ":"
			for i, n := range s.Requests {
				text += fmt.Sprintf(" %d=%.0f", n, s.RSS[i])
			}
			for _, w := range s.Warnings {
				if w.Code == "restart" || w.Code == "gaps" || w.Code == "no-start" {
					text += " " + w.Code
				}
			}
			got = append(got, text)
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, text, c.want)
		}
	}
}

func TestReadAllErrors(t *testing.T) {
	for _, c := range []struct {
		text     string
		requests int
		want     string
	}{
		{answer(memoryA), 0, "x does not say how many requests were answered"},
		{"20000\n20010\n", 0, "x does not say how many requests were answered"},
		{answer(memoryA), 2_000_000, "x: at most 1048576 requests from the first reading to the last are judged, not 2000000"},
		{answer(), 9, "x holds no series of memory"},
		{answer(requestsA), 9, "x holds no series of memory"},
		{answer(memoryA)[:150], 9, "x: the export of Prometheus cannot be read: unexpected end of JSON input"},
		{answer(strings.ReplaceAll(memoryA, `"8100000"`, `"NaN"`)), 9, `"NaN" is no number of bytes`},
		{answer(strings.ReplaceAll(memoryA, `"8100000"`, `8100000`)), 9, `"[115,8100000]" is no reading such as [1700000000, "8134656"]`},
		{answer(strings.ReplaceAll(memoryA, `115`, `90`)), 9, `the times of {instance="a:1"} must rise, and 90 follows 100`},
		{`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}`, 9, "x holds a vector, which is no series"},
		{`{"status":"error","errorType":"bad_data","error":"parse error at char 7"}`, 9, "x: Prometheus answered with an error: parse error at char 7"},
		{"PID RSS\n", 9, "x: no reading after the header"},
		{"PID RSS\n7 20000\n7\n", 9, `x:3: "7": 2 fields as in the header, not 1`},
		{"PID RSS\n7 -1\n", 9, `x:2: "7 -1": RSS must be a number of KiB, not "-1"`},
		{"ELAPSED RSS\nnoon 20000\n", 9, `x:2: "noon 20000": the time must be as 15:04:05`},
		{"1700000009 20000\n1700000001 20000\n", 9, `x:2: "1700000001 20000": the time must rise`},
		{"20000\nkilled\n", 9, `x:2: "killed": RSS must be a number of KiB, not "killed"`},
		{"Linux 6.1.0 (host) 11/29/2026 _x86_64_ (2 CPU)\n", 9, "no reading after the header"},
	} {
		all, err := ReadAll(strings.NewReader(c.text), "x", c.requests)
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.KindOf(err) != fault.Usage || all != nil {
			t.Errorf("%s: error %v, want one with %q; series %v", c.text, err, c.want, all)
		}
	}
}

// FuzzReadAll: whatever stands in a file, its series can be judged, or it is refused.
func FuzzReadAll(f *testing.F) {
	for _, text := range []string{
		good, answer(memoryA, requestsA, errorsA), answer(memoryA, fellA), "20000\n20010\n", "1700000000 20000\n",
		"ELAPSED PID RSS CMD\n 59 7 20000 a\n 01:09 7 20010 b\n", "# Time UID PID RSS\n 11:59:59 0 7 20000\n 00:00:01 0 7 20000\n",
	} {
		f.Add(text, 100)
	}
	f.Fuzz(func(t *testing.T, text string, requests int) {
		all, err := ReadAll(strings.NewReader(text), "x", requests)
		if err != nil && fault.KindOf(err) != fault.Usage {
			t.Errorf("kind %v: %v", fault.KindOf(err), err)
		}
		for _, s := range all {
			if err == nil && (len(s.Requests) == 0 || len(s.Requests) != len(s.RSS) || s.Warnings == nil) {
				t.Errorf("%+v", s)
			}
			if !slices.IsSorted(s.Requests) || slices.ContainsFunc(s.RSS, func(v float64) bool { return !(v >= 0 && v <= maxRSS) }) {
				t.Errorf("%+v", s)
			}
			if n := len(s.Requests); n > 0 && s.Requests[n-1]-s.Requests[0] > maxRows {
				t.Errorf("%d requests", s.Requests[n-1])
			}
		}
	})
}
