import java.lang.instrument.Instrumentation;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Loaded by -javaagent: each request whose query says planted=1 keeps PLANTED_BYTES. It is seen where Tomcat, Jetty, H2 and
 * the JDK's own server take a request: the first argument there tells its query. Its jar is on the boot class path, where the JDK finds it. What is kept takes 40 bytes beside its bytes. The first writes the file PLANTED_MARK.
 */
public class Plant {
    static final int SIZE = Integer.parseInt(System.getenv().getOrDefault("PLANTED_BYTES", "0"));

    static class Kept {
        Kept next;
        byte[] bytes;
    }

    static Kept kept;

    /** A request, or its query. */
    public static void seen(Object request) {
        if (SIZE > 40 && query(request).contains("planted=1")) {
            Kept k = new Kept();
            k.bytes = new byte[SIZE - 40];
            java.util.Arrays.fill(k.bytes, (byte) 120);
            synchronized (Plant.class) {
                if (kept == null) {
                    mark();
                }
                k.next = kept;
                kept = k;
            }
        }
    }

    static void mark() {
        try {
            new java.io.FileOutputStream(System.getenv("PLANTED_MARK")).close();
        } catch (java.io.IOException | NullPointerException e) {
            // The runner misses it.
        }
    }

    static final String[] STEPS = {"getRequest", "queryString", "getQueryString", "getRequestURI"}; // what the servers' requests have of these
    static final Map<Class<?>, List<Method>> KNOWN = new ConcurrentHashMap<>();

    static String query(Object request) {
        try {
            for (Method m : KNOWN.computeIfAbsent(request.getClass(), Plant::steps)) {
                request = m.invoke(request);
                if (m.getName().equals("getRequest")) {
                    return query(request);
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        return "" + request;
    }

    /** The first method of a class that leads to its query, as a class declares it that may be called; none where it is the query itself. */
    static List<Method> steps(Class<?> c) {
        for (String step : STEPS) {
            for (Class<?> k = c; k != null; k = k.getSuperclass()) {
                try {
                    Method m = k.getMethod(step);
                    if (m.trySetAccessible()) {
                        return List.of(m);
                    }
                } catch (NoSuchMethodException e) {
                    break; // The next, then.
                }
            }
        }
        return List.of();
    }

    public static void premain(String args, Instrumentation to) {
        Module base = Object.class.getModule();
        to.redefineModule(base, Set.of(), Map.of("jdk.internal.org.objectweb.asm", Set.of(Plant.class.getModule())), Map.of(), Set.of(), Map.of());
        to.addTransformer(new Planter());
    }
}
