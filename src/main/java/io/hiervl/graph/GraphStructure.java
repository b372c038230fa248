package io.hiervl.graph;

import io.hiervl.op.Op;
import io.hiervl.structure.Flops;
import io.hiervl.structure.ModelGraph;
import io.hiervl.structure.Operation;
import io.hiervl.structure.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;

/** Reads the structure of a SameDiff graph with shapes. Nothing is computed: shapes follow from those of placeholders and stored arrays. */
public final class GraphStructure {
    private final SameDiff sd;
    private final Map<String, long[]> shapes = new HashMap<>();

    private GraphStructure(SameDiff sd) {
        this.sd = sd;
    }

    /**
     * The part of a graph that the outputs need.
     *
     * @param sd      with placeholders of known shapes
     * @param title   what the graph is
     * @param outputs names of variables
     */
    public static ModelGraph of(SameDiff sd, String title, List<String> outputs) {
        return new GraphStructure(sd).read(title, outputs);
    }

    private ModelGraph read(String title, List<String> outputs) {
        List<PlannedOp> order = Schedule.of(sd, new LinkedHashSet<>(outputs));
        LinkedHashSet<String> given = new LinkedHashSet<>();
        List<Operation> operations = new ArrayList<>();
        for (PlannedOp op : order) {
            op.in().stream().filter(n -> type(n) == VariableType.PLACEHOLDER).forEach(given::add);
            operations.add(operation(op));
        }
        return new ModelGraph(title, given.stream().map(this::value).toList(), operations, outputs);
    }

    private VariableType type(String name) {
        return sd.getVariable(name).getVariableType();
    }

    private boolean stored(String name) {
        return type(name) == VariableType.CONSTANT || type(name) == VariableType.VARIABLE;
    }

    private long[] shape(String name) {
        return shapes.computeIfAbsent(name, n -> {
            SDVariable v = sd.getVariable(n);
            return type(n) == VariableType.PLACEHOLDER ? v.placeholderShape() : v.getArr().shape();
        });
    }

    private Value value(String name) {
        return new Value(name, Arrays.stream(shape(name)).boxed().toList());
    }

    private boolean isParameter(String name) {
        return stored(name) && shape(name).length > 0 && sd.getVariable(name).dataType().isFPType();
    }

    private Operation operation(PlannedOp op) {
        long[][] in = op.in().stream().map(this::shape).toArray(long[][]::new);
        long[][] out = op.op() != null ? op.op().shapes(in) : nd4j(op);
        for (int i = 0; i < op.out().size(); i++) {
            shapes.put(op.out().get(i), out[i]);
        }
        boolean[] wanted = new boolean[out.length];
        Arrays.fill(wanted, true);
        double flops = op.op() != null ? op.op().flops(in, wanted) : flops(op.type(), in, out[0]);
        int slash = op.name().lastIndexOf('/');
        return new Operation(op.name(), slash < 0 ? "" : op.name().substring(0, slash).replace('/', '.'),
            op.type().replaceFirst("^hiervl_", ""), op.in(),
            op.in().stream().filter(this::isParameter).distinct().map(this::value).toList(),
            op.out().stream().map(this::value).toList(), flops, op.has(Op.Trait.ALIAS));
    }

    private static double flops(String kind, long[][] in, long[] out) {
        return switch (kind) {
            case "mmul", "matmul", "batched_gemm" -> Flops.product(in[0], out);
            case "conv2d" -> Flops.convolution(in[1], out);
            case "deconv2d" -> Flops.transposedConvolution(in[0], in[1]);
            default -> 0;
        };
    }

    /** Shapes of what one of ND4J's own ops makes; it sees operands of the right shapes without values. */
    private long[][] nd4j(PlannedOp op) {
        INDArray[] in = op.in().stream().map(this::operand).toArray(INDArray[]::new);
        try (OpContext context = Nd4j.getExecutioner().buildContext()) {
            context.setInputArrays(in);
            DifferentialFunction function = op.nd4j();
            if (function instanceof DynamicCustomOp custom) {
                context.setIArguments(custom.iArgs());
                context.setTArguments(custom.tArgs());
                context.setBArguments(custom.bArgs());
                context.setDArguments(custom.dArgs());
            }
            List<LongShapeDescriptor> found = function.calculateOutputShape(context);
            return found.stream().map(LongShapeDescriptor::getShape).toArray(long[][]::new);
        } catch (Exception e) {
            throw e instanceof RuntimeException r ? r : new IllegalStateException(e);
        } finally {
            for (int i = 0; i < in.length; i++) {
                if (!stored(op.in().get(i)) && in[i].closeable()) {
                    in[i].close();
                }
            }
        }
    }

    private INDArray operand(String name) {
        if (stored(name)) {
            return sd.getVariable(name).getArr();
        }
        DataType type = sd.getVariable(name).dataType();
        return Nd4j.createUninitialized(type == DataType.UNKNOWN ? DataType.FLOAT : type, shape(name));
    }
}
