package imports

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestAccessLogs(t *testing.T) {
	files, err := filepath.Glob("testdata/access-log/*.log")
	if err != nil || len(files) < 5 {
		t.Fatalf("%v %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			golden(t, accessLog(t, in, Options{Max: 200}, "", ""), strings.TrimSuffix(file, ".log")+".golden")
		})
	}
}

func accessLog(t testing.TB, in io.Reader, o Options, layout, host string) *Found {
	t.Helper()
	l, err := NewAccessLog(o, layout, host)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Read("access.log", in); err != nil {
		t.Fatal(err)
	}
	return l.Found()
}

func uris(f *Found) string {
	var all []string
	for _, r := range f.Routes {
		all = append(all, strings.TrimPrefix(r.Method+" "+r.URI, "GET "))
	}
	return strings.Join(all, ", ")
}

func TestHost(t *testing.T) {
	in, err := os.Open("testdata/access-log/vhost.log")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	f := accessLog(t, in, Options{}, "", "blog.example")
	if got := uris(f); got != "/feed" {
		t.Errorf("%s", got)
	}
}

func TestFormat(t *testing.T) {
	for layout, line := range map[string]string{
		`$remote_addr [$time_local] "$request" $status`:                      `1.2.3.4 [now] "GET /a/1?b=c HTTP/1.1" 200`,
		`${request_method}|${request_uri}|${status}|$upstream_response_time`: `GET|/a/1?b=c|200|0.1`,
		`$status $request_method $uri $args $http_user_agent`:                `200 GET /a/1 b=c Mozilla 5 0`,
		`$status $request_method $uri$is_args$args;`:                         `200 GET /a/1?b=c;`,
		`<$status> $request_method $uri`:                                     `<200> GET /a/1?b=c`,
	} {
		f := accessLog(t, strings.NewReader(line+"\nnothing like it\n"), Options{}, layout, "")
		if got := uris(f); got != "/a/1?b=c" {
			t.Errorf("%s: %q", layout, got)
		}
		if len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "line 2 of access.log") {
			t.Errorf("%s: %q", layout, f.Notes)
		}
	}
	for _, layout := range []string{"$status", "$request", `$request$status`, "%h %l %u", "x", "$request_method $status"} {
		if _, err := NewAccessLog(Options{}, layout, ""); err == nil {
			t.Errorf("%q is accepted", layout)
		}
	}
}

// A line of 1 MB costs itself alone, also as the last.
func TestLongLine(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	f := accessLog(t, strings.NewReader(long+"\n"+combined("GET", "/a", 200)+long), Options{}, "", "")
	if got := uris(f); got != "/a" || len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "2 lines longer than 64 KiB; the first is line 1") {
		t.Errorf("%s %q", got, f.Notes)
	}
}

func combined(method, target string, status int) string {
	return fmt.Sprintf("10.0.0.1 - - [28/Nov/2026:10:00:00 +0000] \"%s %s HTTP/1.1\" %d 5120 \"https://shop.example/\" \"Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36\"\n", method, target, status)
}

// writeLog writes n lines: 40 routes, 10,000 orders, assets, what scanners ask for.
func writeLog(w io.Writer, n int) {
	out := bufio.NewWriter(w)
	r := rand.New(rand.NewSource(1))
	for range n {
		var line string
		switch k := r.Intn(10); {
		case k < 4:
			line = combined("GET", fmt.Sprintf("/orders/%d", r.Intn(10_000)), 200)
		case k < 6:
			line = combined("GET", fmt.Sprintf("/page%c/part%c", 'a'+r.Intn(10), 'a'+r.Intn(4)), 200)
		case k < 7:
			line = combined("GET", fmt.Sprintf("/search?q=%x&page=%d", r.Int63(), r.Intn(9)), 200)
		case k < 8:
			line = combined("GET", fmt.Sprintf("/assets/app-%d.js", r.Intn(50)), 200)
		case k < 9:
			line = combined("GET", fmt.Sprintf("/%c%c%c%c/x%c.php", 'a'+r.Intn(26), 'a'+r.Intn(26), 'a'+r.Intn(26), 'a'+r.Intn(26), 'a'+r.Intn(26)), 404)
		default:
			line = combined("POST", "/cart", 302)
		}
		_, _ = out.WriteString(line)
	}
	_ = out.Flush()
}

// Whatever a log holds, its import stays small: words, numbers, queries and depths
// that never come again.
func TestMemoryIsBounded(t *testing.T) {
	l, err := NewAccessLog(Options{Max: 200}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var base, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&base)
	word := func(r *rand.Rand) string {
		b := make([]byte, 8)
		for i := range b {
			b[i] = byte('a' + r.Intn(26))
		}
		return string(b)
	}
	r := rand.New(rand.NewSource(2))
	in, out := io.Pipe()
	go func() {
		w := bufio.NewWriter(out)
		for i := range 150_000 {
			status := 200
			if i%3 == 0 {
				status = 404
			}
			_, _ = w.WriteString(combined("GET", fmt.Sprintf("/%s/%s/%s/%d?%s=%s", word(r), word(r), word(r), i, word(r), word(r)), status))
		}
		_ = w.Flush()
		_ = out.Close()
	}()
	if err := l.Read("log", in); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(base.HeapAlloc); grown > 60<<20 {
		t.Errorf("%d MiB are held", grown>>20)
	}
	if l.folder.nodes > maxNodes || l.folder.samples > maxSamples+maxNodes {
		t.Errorf("%d nodes, %d samples", l.folder.nodes, l.folder.samples)
	}
	if f := l.Found(); len(f.Routes) > 200 {
		t.Errorf("%d routes", len(f.Routes))
	} else {
		render(t, f, false)
	}
}

// BenchmarkAccessLog reads 1,000,000 lines (166 MB): the target is 5 s and 100 MiB.
func BenchmarkAccessLog(b *testing.B) {
	var log bytes.Buffer
	const block = 100_000
	writeLog(&log, block)
	b.SetBytes(int64(log.Len()) * 10)
	b.ReportAllocs()
	for b.Loop() {
		l, err := NewAccessLog(Options{Max: 200}, "", "")
		if err != nil {
			b.Fatal(err)
		}
		for range 10 {
			if err := l.Read("log", bytes.NewReader(log.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
		if f := l.Found(); len(f.Routes) != 42 {
			b.Fatalf("%d routes: %s", len(f.Routes), uris(f))
		}
	}
}

func FuzzAccessLog(f *testing.F) {
	files, _ := filepath.Glob("testdata/access-log/*.log")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "")
	}
	f.Add([]byte("200 GET /a\n"), "$status $request_method $uri")
	f.Fuzz(func(t *testing.T, log []byte, layout string) {
		l, err := NewAccessLog(Options{Max: 50, Unsafe: true}, layout, "")
		if err != nil {
			return
		}
		if err := l.Read("log", bytes.NewReader(log)); err != nil {
			t.Fatal(err)
		}
		found := l.Found()
		render(t, found, false)
		render(t, found, true)
	})
}
