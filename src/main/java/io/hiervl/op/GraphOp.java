package io.hiervl.op;

import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOpDescriptor;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;

/**
 * An {@link Op} in a SameDiff graph. SameDiff makes an instance without arguments and hands over the properties when it copies a graph or
 * reads a file; files before version 0.2 have positional arguments instead.
 */
public final class GraphOp extends DynamicCustomOp {
    /** Property that names the op; all others are its attributes. */
    private static final String NAME = "hiervl_op";

    private Op op;

    /** For SameDiff alone. */
    public GraphOp() {
    }

    GraphOp(Op op, SameDiff sd, String path, SDVariable... in) {
        this.op = op;
        setSameDiff(sd);
        // the constructor that takes a graph asks for the name before there is one
        setOwnName(sd.getOpName(path.isEmpty() ? op.name() : path + "/" + op.name().substring(OpTypes.PREFIX.length())));
        sd.putOpForId(getOwnName(), this);
        sd.addArgsFor(in, this);
    }

    /** The declaration. */
    public Op op() {
        return op;
    }

    /** Computes the wanted results. */
    public void run(Backend backend, Tensor[] in, Tensor[] out) {
        if (Arrays.stream(out).anyMatch(Objects::nonNull)) {
            op.run(backend.kernels(in[0].type(), op.precision()), in, out);
        }
    }

    /** The same for ND4J's arrays, of which views are copied first. */
    public void run(INDArray[] in, INDArray[] out) {
        Tensor[] from = Arrays.stream(in).map(Nd4jTensors::of).toArray(Tensor[]::new);
        run(Backends.host(), from, Arrays.stream(out).map(Nd4jTensors::of).toArray(Tensor[]::new));
    }

    @Override
    public String opName() {
        return op == null ? "hiervl_unknown" : op.name();
    }

    @Override
    public int getNumOutputs() {
        return op.outputs();
    }

    @Override
    public List<LongShapeDescriptor> calculateOutputShape() {
        return calculateOutputShape(null);
    }

    @Override
    public List<LongShapeDescriptor> calculateOutputShape(OpContext context) {
        List<INDArray> in = context != null ? context.getInputArrays() : inputArguments;
        List<LongShapeDescriptor> result = new ArrayList<>();
        for (long[] shape : op.shapes(in.stream().map(a -> a.shape().clone()).toArray(long[][]::new))) {
            result.add(LongShapeDescriptor.fromShape(shape, in.get(0).dataType()));
        }
        return result;
    }

    @Override
    public List<DataType> calculateOutputDataTypes(List<DataType> inputs) {
        return Collections.nCopies(getNumOutputs(), inputs.get(0));
    }

    @Override
    public List<SDVariable> doDiff(List<SDVariable> cotangents) {
        return op.gradient(new Backward(this, cotangents));
    }

    /** Never null: SameDiff fails with a NullPointerException when it copies an op that returns null here. */
    @Override
    public Map<String, Object> propertiesForFunction() {
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put(NAME, op.name());
        properties.putAll(OpTypes.attributes(op));
        return properties;
    }

    @Override
    public void setPropertiesForFunction(Map<String, Object> properties) {
        if (properties.get(NAME) instanceof String name) {
            op = OpTypes.read(name, properties);
        }
    }

    /** Called last when an op is read. */
    @Override
    public void configureFromArguments() {
        if (op == null) {
            op = PositionalArguments.read(getOwnName(), iArgs(), tArgs());
            iArguments.clear();
            tArguments.clear();
        }
    }

    @Override
    public long opHash() {
        return 0;
    }

    @Override
    public CustomOpDescriptor getDescriptor() {
        return null;
    }

    @Override
    public void assertValidForExecution() {
        // Shapes are checked by the declaration, with messages that name the operands.
    }
}
