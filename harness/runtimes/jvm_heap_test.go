package runtimes

import "testing"

// What GC.heap_info says, of JDK 17 on a machine with 24 GiB, shortened.
const (
	serialHeap = ` def new generation   total 116160K, used 18595K [0x0000000687400000, 0x000000068f200000, 0x0000000704d50000)
  eden space 103296K,  18% used [0x0000000687400000, 0x0000000688628fe0, 0x000000068d8e0000)
 tenured generation   total 258048K, used 0K [0x0000000704d50000, 0x0000000714950000, 0x0000000800000000)
   the space 258048K,   0% used [0x0000000704d50000, 0x0000000704d50000, 0x0000000704d50200, 0x0000000714950000)
 Metaspace       used 8223K, committed 8448K, reserved 1114112K
`
	parallelHeap = ` PSYoungGen      total 113152K, used 25294K [0x0000000782700000, 0x000000078a500000, 0x0000000800000000)
  eden space 97280K, 26% used [0x0000000782700000,0x0000000783fb3aa0,0x0000000788600000)
 ParOldGen       total 258048K, used 0K [0x0000000687400000, 0x0000000697000000, 0x0000000782700000)
`
	g1Heap = ` garbage-first heap   total 397312K, used 15452K [0x0000000687400000, 0x0000000800000000)
  region size 4096K, 3 young (12288K), 1 survivors (4096K)
`
	shenandoahHeap = "Shenandoah Heap\n 6028M max\nReserved region:\n - [0x0000000687400000, 0x0000000800000000) \n - map (biased):  0x0000000000010000\n"
	zHeap          = " ZHeap           used 40M, capacity 378M, max capacity 6028M\n"
)

func TestParseHeapInfo(t *testing.T) {
	whole := heapRange{from: 0x687400000, to: 0x800000000}
	for name, text := range map[string]string{"Serial": serialHeap, "Parallel": parallelHeap, "G1": g1Heap, "Shenandoah": shenandoahHeap} {
		if h, ok := parseHeapInfo([]byte(text)); !ok || h != whole {
			t.Errorf("%s: %+v, %v", name, h, ok)
		}
	}
	if h, ok := parseHeapInfo([]byte(zHeap)); !ok || !h.shared {
		t.Errorf("ZGC: %+v, %v", h, ok)
	}
	for _, text := range []string{"", "java.lang.IllegalArgumentException: Unknown diagnostic command", "[0x2, 0x1)", "[0x1, 0x2]", "[0x11111111111111111, 0x2)"} {
		if h, ok := parseHeapInfo([]byte(text)); ok {
			t.Errorf("%q: %+v", text, h)
		}
	}
}

func FuzzHeapInfo(f *testing.F) {
	for _, text := range []string{serialHeap, parallelHeap, g1Heap, shenandoahHeap, zHeap} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if h, ok := parseHeapInfo([]byte(text)); ok == (h == heapRange{}) || h.from > h.to {
			t.Fatalf("%+v, %v", h, ok)
		}
	})
}
