import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Truth: /direct keeps a direct buffer of 8,192 bytes a request, which is not in the heap; /leak keeps 1,024 bytes. / keeps nothing. */
public class Figures {
    static final List<Object> KEPT = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv("PORT"))), 0);
        server.createContext("/", exchange -> {
            switch (exchange.getRequestURI().getPath()) {
                case "/direct" -> KEPT.add(ByteBuffer.allocateDirect(8192));
                case "/leak" -> KEPT.add(new byte[1024]);
                default -> { }
            }
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("ok".getBytes());
            exchange.close();
        });
        server.start();
    }
}
