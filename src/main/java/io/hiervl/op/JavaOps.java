package io.hiervl.op;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.nd4j.imports.converters.ImportClassMapping;

/** The list of this project's ops, and their registration with SameDiff, which looks classes up by op name. */
public final class JavaOps {
    private static final List<Supplier<? extends JavaOp>> ALL = Stream.of(DenseOps.ALL, SpatialOps.ALL, LossOps.ALL)
        .<Supplier<? extends JavaOp>>flatMap(List::stream).toList();

    private static boolean registered;

    private JavaOps() {
    }

    /** Every op of the project, one fresh instance each. */
    public static List<? extends JavaOp> all() {
        return ALL.stream().map(Supplier::get).toList();
    }

    /** Makes SameDiff able to copy and load graphs with these ops. Safe to call many times. */
    public static synchronized void register() {
        if (registered) {
            return;
        }
        for (JavaOp op : all()) {
            ImportClassMapping.getOpNameMapping().put(op.opName(), op);
        }
        registered = true;
    }
}
