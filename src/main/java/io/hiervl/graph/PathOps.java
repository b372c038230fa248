package io.hiervl.graph;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Set;
import java.util.function.Supplier;

/** A vocabulary whose words are said at a place of the network: something is opened before each word and closed after it. */
public final class PathOps {
    /** These make nothing that is called after a place, or find the place themselves. */
    private static final Set<String> ELSEWHERE = Set.of("sd", "shape", "in", "path", "named", "placeholder", "endOfBlock");

    private PathOps() {
    }

    /** An open place. */
    public interface Place extends AutoCloseable {
        @Override
        void close();
    }

    /** The same vocabulary with a place around every word. */
    public static Ops of(Ops ops, Supplier<Place> open) {
        InvocationHandler handler = (proxy, method, args) -> {
            try {
                if (ELSEWHERE.contains(method.getName()) || method.getDeclaringClass() == Object.class) {
                    return method.invoke(ops, args);
                }
                try (Place place = open.get()) {
                    Object result = method.invoke(ops, args);
                    return result == ops ? proxy : result;
                }
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        return (Ops) Proxy.newProxyInstance(Ops.class.getClassLoader(), new Class<?>[] {Ops.class}, handler);
    }
}
