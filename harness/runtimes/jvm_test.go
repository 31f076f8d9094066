package runtimes

import (
	"os"
	"strings"
	"testing"
)

const histogram = `4242:
 num     #instances         #bytes  class name (module)
-------------------------------------------------------
   1:         10250        1035528  [B (java.base@17.0.15)
   2:          9000         216000  java.lang.String (java.base@17.0.15)
   3:           100           2400  com.shop.Item
   4:             1             24  com.shop.Item
Total         19351        1253952
`

func TestParseHistogram(t *testing.T) {
	classes, err := parseHistogram([]byte(histogram))
	if err != nil {
		t.Fatal(err)
	}
	if got := classes["com.shop.Item"]; got != (tally{101, 2424}) {
		t.Errorf("classes of one name: %v", got)
	}
	for name, text := range map[string]string{
		"cut off":         strings.Split(histogram, "Total")[0],
		"does not add up": strings.Replace(histogram, "19351", "19352", 1),
		"negative":        strings.Replace(histogram, " 9000 ", "-9000 ", 1),
		"empty":           "",
		"another answer":  "4242:\nCommand executed successfully\n",
	} {
		if classes, err := parseHistogram([]byte(text)); err == nil || classes != nil {
			t.Errorf("%s: %v, %v", name, classes, err)
		}
	}
}

// SIGQUIT would end this very process.
func TestNewJVMLooksFirst(t *testing.T) {
	if _, err := NewJVM(t.Context(), os.Getpid()); err == nil || !strings.Contains(err.Error(), "is no JVM") {
		t.Errorf("got %v", err)
	}
}

func TestClassOwner(t *testing.T) {
	for class, want := range map[string]string{
		"[B": OwnerRuntime, "[[I": OwnerRuntime, "java.util.HashMap$Node": OwnerRuntime, "[Ljava.lang.String;": OwnerRuntime,
		"com.shop.Item": OwnerApp, "[Lcom.shop.Item;": OwnerApp, "org.apache.catalina.session.StandardSession": OwnerLibrary,
	} {
		if got := classOwner(class); got != want {
			t.Errorf("%s is %s's, want %s", class, got, want)
		}
	}
}

func FuzzHistogram(f *testing.F) {
	f.Add([]byte(histogram))
	f.Fuzz(func(t *testing.T, text []byte) {
		classes, err := parseHistogram(text)
		if (err == nil) == (classes == nil) {
			t.Fatalf("%v with %v", classes, err)
		}
		for name, c := range classes {
			if c.objects < 0 || c.bytes < 0 {
				t.Fatalf("%s: %v", name, c)
			}
		}
	})
}
