import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Truth: /leak keeps one Item with 64 bytes for each request, /text 1 KiB, /buffer a direct buffer
 * of 8 KiB, which is not in the heap; / and /garbage keep nothing.
 */
public class App {
    static class Item {
        final byte[] data = new byte[64];
    }

    static final List<Item> KEPT = new ArrayList<>();

    static final List<byte[]> TEXTS = new ArrayList<>();

    static final List<ByteBuffer> BUFFERS = new ArrayList<>();

    static byte[] text() {
        return new byte[1024];
    }

    public static void main(String[] args) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            if (path.equals("/leak")) {
                KEPT.add(new Item());
            } else if (path.equals("/text")) {
                TEXTS.add(text());
            } else if (path.equals("/buffer")) {
                BUFFERS.add(ByteBuffer.allocateDirect(8192));
            } else if (path.equals("/garbage")) {
                List<String> rows = new ArrayList<>();
                for (int i = 0; i < 5000; i++) {
                    rows.add("row " + i);
                }
            }
            byte[] body = path.getBytes();
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        System.out.println(server.getAddress().getPort());
    }
}
