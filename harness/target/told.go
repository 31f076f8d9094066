package target

import (
	"slices"
	"strconv"
	"strings"
)

// Told are the settings, not ours, by which a process may collect garbage later than it
// would by itself: options as they stand, or NAME=value. Until it collects, garbage
// fills memory as evenly as a leak does. argv is the process's own command line, which
// has what a wrapper adds, and env its environment.
func Told(runtime string, env, argv []string) []string {
	switch runtime {
	case "go":
		if v, _ := lookup(env, "GOGC"); later(v) {
			return []string{"GOGC=" + v}
		}
	case "ruby":
		return slices.DeleteFunc(slices.Clone(env), func(e string) bool {
			return !strings.HasPrefix(e, "RUBY_GC_") || slices.Contains(tight[runtime], e) || slices.Contains(counted[runtime], e)
		})
	case "node":
		return others(options(env, argv, "NODE_OPTIONS"), options(counted[runtime], nil, "NODE_OPTIONS"), young)
	case "java":
		ours := slices.Concat(options(tight[runtime], nil, javaVariables...), options(counted[runtime], nil, javaVariables...))
		return others(options(env, argv, javaVariables...), ours, slices.Concat(keys(ours), sized))
	}
	return nil
}

// later says that Go collects later than by itself, where what was allocated since
// the last time is as much as what is alive (GOGC=100).
func later(gogc string) bool {
	percent, err := strconv.Atoi(gogc)
	return gogc == "off" || err == nil && (percent > 100 || percent < 0)
}

// young are the options of V8 that size its young generation, which is filled
// before anything is collected, and how far its heap grows.
var young = []string{"--max-semi-space-size", "--min-semi-space-size", "--semi-space-growth-factor", "--initial-old-space-size", "--initial-heap-size"}

// sized are those of HotSpot that do what the short ones in tight do too.
var sized = []string{
	"-XX:InitialHeapSize", "-XX:MinHeapSize", "-XX:InitialRAMPercentage", "-XX:NewSize", "-XX:MaxNewSize", "-XX:NewRatio",
	"-XX:Flags", "-XX:VMOptionsFile",
}

// The variables that the java launcher and HotSpot read options from.
var javaVariables = []string{"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"}

// options are those of a command line and of the variables that hold more.
func options(env, argv []string, variables ...string) []string {
	all := slices.Clone(argv)
	for _, name := range variables {
		v, _ := lookup(env, name)
		all = append(all, strings.Fields(v)...)
	}
	return all
}

// others are the options that decide one of what keys name, and are not ours.
func others(have, ours, keys []string) []string {
	return slices.DeleteFunc(have, func(o string) bool {
		return slices.Contains(ours, o) || !slices.Contains(keys, key(o))
	})
}
