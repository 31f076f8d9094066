import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Truth: /direct keeps a direct buffer of 8,192 bytes a request, which is not in the heap. / keeps nothing. */
public class Figures {
    static final List<ByteBuffer> KEPT = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
        server.createContext("/", exchange -> {
            if (exchange.getRequestURI().getPath().equals("/direct")) {
                ByteBuffer buffer = ByteBuffer.allocateDirect(8192);
                KEPT.add(buffer);
            }
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("ok".getBytes());
            exchange.close();
        });
        server.start();
    }
}
