//go:build live

package runtimes

import "testing"

// What a JVM has beyond its heap is native memory: it grows by the direct buffers, of 8 KiB
// each, and not by what is in the heap, whatever the collector and however the JVM was
// started.
func TestLiveNativeMemoryOfAJVM(t *testing.T) {
	t.Parallel()
	classes := t.TempDir()
	build(t, "javac", "-d", classes, "testdata/java/App.java")
	for _, collector := range []string{"Serial", "Parallel", "G1", "Shenandoah", "Z"} {
		t.Run(collector, func(t *testing.T) {
			a := launch(t, "java", false, nil, true, "java", "-XX:+Use"+collector+"GC", "-XX:TieredStopAtLevel=1", "-Xmx64m", "-Dsun.net.httpserver.nodelay=true", "-cp", classes, "App")
			j, err := NewJVM(t.Context(), a.pid)
			if err != nil {
				t.Fatal(err)
			}
			native := native(t, a, j)
			a.send(t, "/text", 300)
			a.send(t, "/buffer", 100)
			native()
			const n = 3000 // what a JVM takes for itself meanwhile, or gives back, up to 1.5 MB, is little beside that
			before := native()
			a.send(t, "/buffer", n)
			between := native()
			a.send(t, "/text", n)
			after := native()
			if got := (between - before) / n; got < 8192-512 || got > 9500 {
				t.Errorf("/buffer: %.0f B of native memory a request", got)
			}
			if got := (after - between) / n; got > 512 {
				t.Errorf("/text: %.0f B of native memory a request", got)
			}
		})
	}
}
