package passenger

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parsed(t *testing.T, name string) Instance {
	t.Helper()
	in, err := Parse(read(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return in
}

// summary is what the tests below compare: a line for each process.
func summary(in Instance) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %q %q max %d\n", in.Version, in.Name, in.Server, in.Max)
	for _, a := range in.Apps {
		fmt.Fprintf(&b, "%s|%s|%s|uid %d|min %d|spawning %t|restarting %t\n", a.Name, a.Root, a.Runtime(), a.UID, a.MinProcesses, a.Spawning, a.Restarting)
		for _, p := range a.Processes {
			http, _ := p.HTTP()
			session, _ := p.Session()
			fmt.Fprintf(&b, " %d %s %s processed %d sessions %d http %s %s session %s %s key %s\n", p.PID, p.GUPID, p.Enabled, p.Processed, p.Sessions,
				http.Network, http.Address, session.Network, session.Address, string(p.Password))
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for name, want := range map[string]string{
		"pool-6.0.17.xml": `6.0.17 "" "" max 6
ruby|/srv/ruby|ruby|uid 65534|min 2|spawning false|restarting false
 21733 1c89393-Ye38iBSjRL ENABLED processed 0 sessions 0 http tcp 127.0.0.1:34717 session unix /run/reg/passenger.efYaj7N/apps.s/ruby.6ZPecu7oi9M35onSaspego1muLl9G0gqhLlbFmbepqi0cBnaiR5OwP1x key invented2
`,
		"pool-4.0.60.xml": `4.0.60 "" "" max 6
/srv/café#default|/srv/café|ruby|uid 1000|min 1|spawning true|restarting true
 301 abc-1 ENABLED processed 7 sessions 1 http tcp 127.0.0.1:4001 session unix /tmp/passenger.1.0.777/generation-0/backends/ruby.abc key inventedD
 302 abc-2 DETACHED processed 0 sessions 0 http   session   key inventedE
`,
		"page-5.0.13.txt": `5.0.13 "jyAJC5iv" "nginx/1.8.0 Phusion_Passenger/5.0.13" max 9
/var/www/passenger_status_service/current|/var/www/passenger_status_service/current||uid -1|min -1|spawning false|restarting false
 20387  ENABLED processed 68369 sessions 0 http   session   key inventedA
 20394  ENABLED processed 38432 sessions 0 http   session   key inventedB
`,
		"states.txt": `6.0.17 "Q1w2E3r4" "Apache/2.4.57 (Debian) Phusion_Passenger/6.0.17" max 6
/srv/shop (production)|/srv/shop||uid -1|min -1|spawning true|restarting true
 100  ENABLED processed 12 sessions 1 http unix /run/reg/passenger.AAAAAAB/apps.s/node.1 session   key inventedC
 101  DISABLING processed 9 sessions 0 http   session   key 
 102  DISABLED processed 9 sessions 0 http   session   key 
 103  DETACHED processed 9 sessions 0 http tcp 127.0.0.1:4003 session   key inventedC
/srv/empty (production)|/srv/empty||uid -1|min -1|spawning false|restarting false
`,
	} {
		t.Run(name, func(t *testing.T) {
			got := summary(parsed(t, name))
			if name == "pool-6.0.17.xml" { // its first two lines of processes will do here
				got = strings.Join(strings.SplitAfter(got, "\n")[:3], "")
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// The XML and the text of one moment tell the same, as far as the text goes.
func TestXMLAndTextAgree(t *testing.T) {
	x, text := parsed(t, "pool-6.0.17.xml"), parsed(t, "pool-6.0.17.txt")
	if len(x.Apps) != 3 || len(text.Apps) != 3 {
		t.Fatalf("%d and %d applications, want 3", len(x.Apps), len(text.Apps))
	}
	for i, a := range x.Apps {
		b := text.Apps[i]
		if a.Name != b.Name || a.Root != b.Root || len(a.Processes) != len(b.Processes) {
			t.Fatalf("application %d: %s, %s", i, a.Name, b.Name)
		}
		for j := range a.Processes {
			p, q := &a.Processes[j], &b.Processes[j]
			hp, _ := p.HTTP()
			hq, _ := q.HTTP()
			if p.PID != q.PID || hp.Address != hq.Address || p.Processed != q.Processed || p.Enabled != q.Enabled {
				t.Errorf("process %d: %+v, %+v", p.PID, p, q)
			}
			if hp.Address != "" && p.Password != q.Password {
				t.Errorf("process %d: other passwords", p.PID)
			}
		}
	}
	if app, p := x.Find(21736); p == nil || app.Runtime() != "node" {
		t.Errorf("process 21736 is not found in the Node application")
	}
}

func TestParseRefuses(t *testing.T) {
	xml := string(read(t, "pool-6.0.17.xml"))
	text := string(read(t, "pool-6.0.17.txt"))
	for name, c := range map[string]struct{ raw, want string }{
		"empty":           {"", "neither the XML nor the text"},
		"a web page":      {"<html><body>It works</body></html>", "neither the XML nor the text"},
		"truncated":       {xml[:4000], "unexpected EOF"},
		"wrong tag":       {strings.Replace(xml, "</pid>", "</pig>", 1), "element <pid> closed by </pig>"},
		"no pid":          {strings.Replace(xml, "<pid>21733</pid>", "", 1), "without a pid"},
		"pid no number":   {strings.Replace(xml, "<pid>21733</pid>", "<pid>hunter2</pid>", 1), "a number is not one"},
		"negative pid":    {strings.Replace(xml, "<pid>21733</pid>", "<pid>-1</pid>", 1), "without a pid"},
		"odd address":     {strings.Replace(xml, "tcp://127.0.0.1:34717", "ftp://x", 1), "neither tcp://"},
		"odd charset":     {strings.Replace(xml, "iso-8859-1", "klingon", 1), "klingon"},
		"none runs":       {"ERROR: Phusion Passenger doesn't seem to be running. If you are", ErrNoInstance.Error()},
		"several run":     {"It appears that multiple Phusion Passenger(R) instances are running. Please\n", ErrManyInstances.Error()},
		"denied":          {"*** ERROR: You are not authorized to query the status for", ErrDenied.Error()},
		"text pid 0":      {strings.Replace(text, "PID: 21733", "PID: 0", 1), "line 15: a process without a pid"},
		"text huge count": {strings.Replace(text, "Processed: 0", "Processed: 99999999999999999999", 1), "a number is not one"},
		"text ftp":        {strings.Replace(text, "http://127", "ftp://127", 1), "a URL that is not http://"},
		"text no app":     {strings.ReplaceAll(text, "App root", "Approot"), "before any application"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := Parse([]byte(c.raw))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "invented") {
				t.Errorf("the error shows what it read: %v", err)
			}
			if len(in.Apps) != 0 {
				t.Errorf("an error and %d applications", len(in.Apps))
			}
		})
	}
}

func TestEmptyPool(t *testing.T) {
	in, err := Parse([]byte("Phusion Passenger(R) is currently not serving any applications.\n"))
	if err != nil || len(in.Apps) != 0 {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestPasswordIsNotPrinted(t *testing.T) {
	in := parsed(t, "pool-6.0.17.xml")
	p := &in.Apps[0].Processes[0]
	json, err := p.Password.MarshalText()
	out := fmt.Sprintf("%v %+v %#v %s %q %x", in, in, in, p.Password, p.Password, p.Password) + string(json)
	if err != nil || strings.Contains(out, "invented") || strings.Contains(out, "696e76656e746564") {
		t.Errorf("the password is printed: %s", out)
	}
	if string(p.Password) != "invented2" {
		t.Errorf("password %q", string(p.Password))
	}
}

// Whatever is parsed without an error can be used without a look back.
func check(t *testing.T, in Instance, err error) {
	if err != nil {
		if len(in.Apps) != 0 {
			t.Errorf("an error and a result: %v", err)
		}
		return
	}
	for _, a := range in.Apps {
		for _, p := range a.Processes {
			if p.PID <= 0 {
				t.Errorf("process %+v", p)
			}
			for _, s := range p.Sockets {
				if s.Address == "" || (s.Network != "tcp" && s.Network != "unix") {
					t.Errorf("socket %+v", s)
				}
			}
		}
	}
}

func FuzzParseXML(f *testing.F) {
	f.Add(read(f, "pool-6.0.17.xml"))
	f.Add(read(f, "pool-4.0.60.xml"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		pool, err := ParseXML(raw)
		check(t, Instance{Pool: pool}, err)
	})
}

func FuzzParseText(f *testing.F) {
	f.Add(read(f, "pool-6.0.17.txt"))
	f.Add(read(f, "page-5.0.13.txt"))
	f.Add(read(f, "states.txt"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, err := ParseText(raw)
		check(t, in, err)
		if err != nil && errors.Unwrap(err) == nil && err.Error() == "" {
			t.Error("an error without a text")
		}
	})
}
