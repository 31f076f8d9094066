import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.Map;
import jdk.internal.org.objectweb.asm.ClassReader;
import jdk.internal.org.objectweb.asm.ClassVisitor;
import jdk.internal.org.objectweb.asm.ClassWriter;
import jdk.internal.org.objectweb.asm.MethodVisitor;
import jdk.internal.org.objectweb.asm.Opcodes;

/** Has the methods that take a request call Plant.seen first. A class of its own, for it may be loaded only when Plant has opened ASM. */
class Planter implements ClassFileTransformer {
    /** By the end of the class's name, for some programs have a server among their own classes. */
    static final Map<String, String> SERVERS = Map.of(
        "catalina/connector/CoyoteAdapter", "service",
        "jetty/server/Server", "handle",
        "jetty9/server/Server", "handle", // as Selenium calls it
        "h2/server/web/WebThread", "parseAttributes",
        "httpserver/ServerImpl$Exchange$LinkHandler", "handle"); // the JDK's own

    static String method(String name) {
        for (Map.Entry<String, String> server : SERVERS.entrySet()) {
            if (name.endsWith("/" + server.getKey())) {
                return server.getValue();
            }
        }
        return null;
    }

    @Override
    public byte[] transform(ClassLoader loader, String name, Class<?> old, ProtectionDomain domain, byte[] code) {
        String method = name == null ? null : method(name);
        if (method == null) {
            return null;
        }
        ClassWriter out = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        new ClassReader(code).accept(new ClassVisitor(Opcodes.ASM7, out) {
            @Override
            public MethodVisitor visitMethod(int access, String called, String types, String generic, String[] thrown) {
                MethodVisitor to = super.visitMethod(access, called, types, generic, thrown);
                if (!called.equals(method) || !types.startsWith("(L")) {
                    return to;
                }
                return new MethodVisitor(Opcodes.ASM7, to) {
                    @Override
                    public void visitCode() {
                        super.visitCode();
                        visitVarInsn(Opcodes.ALOAD, (access & Opcodes.ACC_STATIC) == 0 ? 1 : 0);
                        visitMethodInsn(Opcodes.INVOKESTATIC, "Plant", "seen", "(Ljava/lang/Object;)V", false);
                    }
                };
            }
        }, 0);
        return out.toByteArray();
    }
}
