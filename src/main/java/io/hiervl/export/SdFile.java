package io.hiervl.export;

import io.hiervl.HierVlException;
import io.hiervl.InputFiles;
import io.hiervl.MemoryLimits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.nd4j.graph.FlatArray;
import org.nd4j.graph.FlatGraph;
import org.nd4j.graph.FlatNode;
import org.nd4j.graph.FlatVariable;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Looks through a SameDiff file before ND4J parses it. ND4J allocates what array headers claim, takes their strides on trust,
 * and hands names of Java classes in the training configuration to its JSON parser. All reads here stay inside the file:
 * they are reads of a Java buffer.
 */
final class SdFile {
    private static final long MAX_BYTES = Integer.MAX_VALUE - 64L;
    private static final int MAX_RANK = 8;
    private static final int C_ORDER = 99;

    private final Path file;

    private SdFile(Path file) {
        this.file = file;
    }

    /**
     * Checks structure, arrays and weights.
     *
     * @return the description that the file carries as JSON
     * @throws HierVlException model error naming the array or part that is wrong
     */
    static String check(Path file) {
        byte[] bytes = InputFiles.read(file, "a SameDiff graph", MAX_BYTES, HierVlException.Kind.MODEL);
        SdFile sd = new SdFile(file);
        try {
            return sd.check(FlatGraph.getRootAsFlatGraph(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)), bytes.length);
        } catch (RuntimeException e) {
            if (e instanceof HierVlException known) {
                throw known;
            }
            throw HierVlException.model(file + ": neither an exported model of HierVL nor any SameDiff graph (its structure is damaged)",
                e);
        }
    }

    private String check(FlatGraph graph, int size) {
        if (graph.trainingConfig() != null || graph.updaterStateLength() > 0) {
            throw refuse("it holds a training configuration, which names Java classes; an exported model has none");
        }
        if (graph.nodesLength() < 1 || graph.variablesLength() < 1 || graph.nodesLength() > size / 8
            || graph.variablesLength() > size / 8) {
            throw refuse("it holds " + graph.variablesLength() + " variables and " + graph.nodesLength() + " operations");
        }
        Set<String> names = new HashSet<>();
        String meta = null;
        for (int i = 0; i < graph.variablesLength(); i++) {
            FlatVariable v = graph.variables(i);
            if (v == null || v.name() == null || !names.add(v.name())) {
                throw refuse(
                    "variable " + i + (v == null || v.name() == null ? " has no name" : " is named '" + v.name() + "' like another"));
            }
            FlatArray array = v.ndarray();
            if (array != null) {
                check(array, v.name());
                meta = v.name().equals(ModelExport.META) ? text(array) : meta;
            }
        }
        for (int i = 0; i < graph.nodesLength(); i++) {
            FlatNode node = graph.nodes(i);
            if (node == null || node.name() == null) {
                throw refuse("operation " + i + " has no name");
            }
            if (node.scalar() != null) {
                check(node.scalar(), node.name());
            }
            for (int p = 0; p < node.propertiesLength(); p++) {
                for (int a = 0; a < node.properties(p).aLength(); a++) {
                    check(node.properties(p).a(a), node.name());
                }
            }
        }
        for (String name : new String[] {ExportSource.IMAGES, ExportSource.SCORES}) {
            if (!names.contains(name)) {
                throw notOurs(name);
            }
        }
        if (meta == null) {
            throw notOurs(ModelExport.META);
        }
        return meta;
    }

    private HierVlException notOurs(String variable) {
        return HierVlException.model(file + ": a SameDiff graph, but not one of HierVL: it has no variable " + variable);
    }

    /** Shape information is {rank, shape, strides, extras, element stride, order}; arrays lie without gaps. */
    private void check(FlatArray array, String name) {
        long rank = array.shapeLength() == 0 ? -1 : array.shape(0);
        if (rank < 0 || rank > MAX_RANK || array.shapeLength() != 2 * rank + 4) {
            throw refuse("array '" + name + "' has a damaged shape (rank " + rank + ")");
        }
        if (array.dtype() < 0 || array.byteOrder() < 0 || array.byteOrder() > 1) {
            throw refuse("array '" + name + "' has the data type " + array.dtype() + " and byte order " + array.byteOrder());
        }
        DataType type = org.nd4j.autodiff.samediff.serde.FlatBuffersMapper.getDataTypeFromByte(array.dtype());
        long length = 1;
        boolean empty = false;
        for (int i = 0; i < rank; i++) {
            long d = array.shape(1 + i);
            empty |= d == 0;
            if (d < 0 || d > Integer.MAX_VALUE) {
                throw refuse("array '" + name + "' has the size " + d + " in dimension " + i);
            }
            length = Math.multiplyExact(length, d);
        }
        long order = array.shape((int) (2 * rank + 3));
        strides(array, name, (int) rank, order);
        if (type.width() < 1 || !empty && Math.multiplyExact(length, type.width()) != array.bufferLength()) {
            throw refuse("array '" + name + "' of " + length + " values of type " + type + " occupies " + array.bufferLength() + " bytes");
        }
        if (type == DataType.FLOAT || type == DataType.DOUBLE) {
            finite(array, name, type);
        }
    }

    private void strides(FlatArray array, String name, int rank, long order) {
        long expected = 1;
        for (int k = 0; k < rank; k++) {
            int i = order == C_ORDER ? rank - 1 - k : k;
            long stride = array.shape(1 + rank + i);
            if (stride != expected && array.shape(1 + i) > 1) {
                throw refuse("array '" + name + "' has the stride " + stride + " in dimension " + i + ", expected " + expected);
            }
            expected *= Math.max(1, array.shape(1 + i));
        }
    }

    private void finite(FlatArray array, String name, DataType type) {
        ByteBuffer bytes = array.bufferAsByteBuffer().order(array.byteOrder() == 0 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int n = bytes.remaining() / type.width();
        for (int i = 0; i < n; i++) {
            double v = type == DataType.FLOAT ? bytes.getFloat(bytes.position() + 4 * i) : bytes.getDouble(bytes.position() + 8 * i);
            if (!(Math.abs(v) <= MemoryLimits.LARGEST_VALUE)) {
                throw refuse("array '" + name + "' has the value " + v + " at position " + i
                    + "; a model's values are finite numbers of ordinary size");
            }
        }
    }

    private static String text(FlatArray array) {
        ByteBuffer bytes = array.bufferAsByteBuffer();
        byte[] utf8 = new byte[bytes.remaining()];
        bytes.get(utf8);
        return new String(utf8, java.nio.charset.StandardCharsets.UTF_8);
    }

    private HierVlException refuse(String why) {
        return HierVlException.model(file + ": not an undamaged exported model: " + why);
    }
}
