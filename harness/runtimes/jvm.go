package runtimes

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"leakhunt/harness/fault"
)

// JVM reads a Java process through the diagnostic commands of HotSpot, which the
// program jcmd sends too.
type JVM struct {
	pid     int
	base    map[string]tally
	flight  *recording
	unnamed string // why there are classes only, and no lines
	few     bool   // too few objects were sampled
	kept    string // the heap dump that was kept for the user
	room    int64  // bytes of memory that a dump may take
	heap    heapRange
	found   bool // it is known where the heap lies
}

type tally struct{ objects, bytes float64 }

// NewJVM looks whether the JVM of process pid answers.
func NewJVM(ctx context.Context, pid int) (*JVM, error) {
	j := &JVM{pid: pid}
	j.found = j.findHeap(ctx)
	if _, err := j.Read(ctx); err != nil {
		return nil, err
	}
	return j, nil
}

// Name is "class histogram".
func (j *JVM) Name() string { return "class histogram" }

// Columns are live objects and live bytes of the heap, and what the heap takes from
// the system, where that can be told.
func (j *JVM) Columns() []Column {
	columns := []Column{
		{Name: "live objects", Unit: "objects", Exact: true},
		{Name: "live bytes", Unit: "bytes", Exact: true},
	}
	if j.found {
		columns = append(columns, Column{Name: "held", Unit: "bytes", Beside: Held})
	}
	return columns
}

// Read sums up a class histogram, for which the JVM first runs a full
// collection (HotSpot, HeapInspectionOperation), and another before it: what was
// used since the last one keeps its soft references for one more. It costs the
// two collections and a walk of the heap.
func (j *JVM) Read(ctx context.Context) ([]float64, error) {
	classes, err := j.histogram(ctx)
	if err != nil {
		return nil, err
	}
	var sum tally
	for _, c := range classes {
		sum.objects += c.objects
		sum.bytes += c.bytes
	}
	values := []float64{sum.objects, sum.bytes}
	if j.found {
		held, err := j.held()
		if err != nil {
			return nil, fault.Measuref("the mappings of process %d cannot be read", j.pid).Because(err)
		}
		values = append(values, held)
	}
	return values, nil
}

// Close does nothing.
func (j *JVM) Close() error { return nil }

func (j *JVM) histogram(ctx context.Context) (map[string]tally, error) {
	if _, err := j.jcmd(ctx, "GC.run"); err != nil {
		return nil, err
	}
	out, err := j.jcmd(ctx, "GC.class_histogram")
	if err != nil {
		return nil, err
	}
	return parseHistogram(out)
}

// jcmd runs one command in the JVM.
func (j *JVM) jcmd(ctx context.Context, command ...string) ([]byte, error) {
	return diagnose(ctx, j.pid, strings.Join(command, " "))
}

// parseHistogram reads the rows `1: 10250 1035528 [B (java.base@17)` and holds
// them against the row `Total 79520 4206928`, which the JVM writes last: a
// histogram that was cut off is an error. Classes of one name, from several
// loaders, are one.
func parseHistogram(text []byte) (map[string]tally, error) {
	classes := map[string]tally{}
	var sum tally
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		total := len(f) == 3 && f[0] == "Total"
		if !total && (len(f) < 4 || !isRank(f[0])) {
			continue
		}
		objects, err1 := strconv.ParseUint(f[1], 10, 53)
		bytes, err2 := strconv.ParseUint(f[2], 10, 53)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fault.Measuref("a line of the class histogram cannot be read: %q", short(line))
		}
		row := tally{float64(objects), float64(bytes)}
		if total {
			if row != sum {
				return nil, fault.Measuref("the class histogram does not add up: %v objects of %v", sum.objects, row.objects)
			}
			return classes, nil
		}
		sum = tally{sum.objects + row.objects, sum.bytes + row.bytes}
		c := classes[f[3]]
		classes[f[3]] = tally{c.objects + row.objects, c.bytes + row.bytes}
	}
	return nil, fault.Measuref("the JVM answered with no whole class histogram: %s", short(string(text[:min(len(text), 1000)]))).
		WithHint("Run jcmd PID GC.class_histogram, of a JDK, by hand: its last line must say Total.")
}

func isRank(s string) bool {
	n, ok := strings.CutSuffix(s, ":")
	_, err := strconv.ParseUint(n, 10, 32)
	return ok && err == nil
}

// Packages of the JDK, and of libraries that many applications use. A class
// does not say which jar it came from.
var (
	jdkPackages     = []string{"java.", "javax.", "jdk.", "sun.", "com.sun."}
	libraryPackages = []string{
		"org.springframework.", "org.apache.", "org.eclipse.", "org.glassfish.", "org.hibernate.", "org.jboss.", "org.slf4j.",
		"org.codehaus.", "org.aspectj.", "ch.qos.", "io.netty.", "io.undertow.", "io.micrometer.", "io.prometheus.", "io.vertx.",
		"io.quarkus.", "io.micronaut.", "io.grpc.", "io.opentelemetry.", "reactor.", "jakarta.", "com.google.common.", "com.google.gson.",
		"com.google.protobuf.", "com.github.benmanes.", "com.fasterxml.", "com.zaxxer.", "com.mysql.", "net.bytebuddy.", "net.sf.ehcache.",
		"kotlin.", "kotlinx.", "scala.", "groovy.", "clojure.", "okhttp3.", "redis.clients.", "freemarker.",
	}
)

// classOwner guesses whose class it is. An array of primitives, "[B", belongs
// to no one; an array of objects, "[Lcom.shop.Item;", to its element's owner.
func classOwner(name string) string {
	element := strings.TrimLeft(name, "[")
	if element != name {
		class, ok := strings.CutPrefix(element, "L")
		if !ok {
			return OwnerRuntime
		}
		element = class
	}
	starts := func(prefix string) bool { return strings.HasPrefix(element, prefix) }
	switch {
	case slices.ContainsFunc(jdkPackages, starts):
		return OwnerRuntime
	case slices.ContainsFunc(libraryPackages, starts):
		return OwnerLibrary
	}
	return OwnerApp
}
