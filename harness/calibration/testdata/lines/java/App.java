import com.google.common.cache.CacheBuilder;
import com.google.common.cache.CacheLoader;
import com.google.common.cache.LoadingCache;
import com.google.common.collect.HashMultimap;
import com.google.common.collect.Multimap;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

/**
 * Truth: /price/N caches an answer for each argument in a cache of Guava without a bound, and
 * /tag/N adds to one of its multimaps. / and /garbage (500 KB that die) keep nothing.
 */
public class App {
    static final LoadingCache<String, byte[]> PRICES =
            CacheBuilder.newBuilder().build(CacheLoader.from(name -> new byte[1000 + name.length()]));

    static final Multimap<String, Object> TAGS = HashMultimap.create();
    static int count;

    static String answer(String path) {
        if (path.startsWith("/price/")) {
            return "price " + PRICES.getUnchecked(path).length;
        }
        if (path.startsWith("/tag/")) {
            TAGS.put(path, "t".repeat(800) + count++);
            return "tag";
        }
        if (path.equals("/garbage")) {
            for (int i = 0; i < 1000; i++) {
                count += new byte[500].length - 500;
            }
        }
        return "ok";
    }

    public static void main(String[] args) throws Exception {
        int port = Integer.parseInt(System.getenv("PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/", exchange -> {
            byte[] body = answer(exchange.getRequestURI().getPath()).getBytes();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }
}
