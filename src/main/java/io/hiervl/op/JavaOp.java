package io.hiervl.op;

import io.hiervl.op.kernel.Precision;
import io.hiervl.op.kernel.RawArrays;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOpDescriptor;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;

/**
 * An operation of a SameDiff graph whose forward or backward pass is computed by this project's kernels.
 *
 * <p>Rules for subclasses:
 * <ul>
 *   <li>a public constructor without arguments, and an {@link #opName()} that no native op has;</li>
 *   <li>all settings live in integer, floating and boolean arguments, because SameDiff copies ops by serialising them;</li>
 *   <li>differentiable inputs come first; {@code doDiff} returns gradients for these leading inputs. An input without a
 *       gradient that is computed from parameters (a mask) gets {@link StopGradient.Zeros}, because SameDiff insists on a
 *       gradient for every variable between a parameter and the loss; inputs that only come from placeholders need none;</li>
 *   <li>an output array may be null: then nobody wants it, and its computation should be skipped;</li>
 *   <li>outputs have the data type of the first input (but see {@link #writesRounded}); label maps and indices travel as floating-point arrays;</li>
 *   <li>the op (and its backward op) is listed in {@link JavaOps}.</li>
 * </ul>
 */
public abstract class JavaOp extends DynamicCustomOp {
    protected JavaOp() {
    }

    protected JavaOp(SameDiff sd, SDVariable... inputs) {
        super(null, sd, inputs);
    }

    /** Name in SameDiff files; starts with {@code hiervl_}. */
    @Override
    public abstract String opName();

    @Override
    public abstract int getNumOutputs();

    /** Shapes of the outputs for these inputs. */
    public abstract long[][] outputShapes(INDArray[] inputs);

    /**
     * Computes all wanted outputs. Inputs are dense in c order; outputs are dense in c order, not initialised, and null
     * where unwanted.
     */
    public abstract void compute(INDArray[] inputs, INDArray[] outputs);

    /**
     * Whether this input may come as BFLOAT16: the op rounds it anyway as a factor of its products, or stands between such
     * products. An array of half the size is rounded once for all that read it.
     */
    public boolean readsRounded(int input) {
        return false;
    }

    /** Whether this output can be written as BFLOAT16 where all that read it {@linkplain #readsRounded read} that. */
    public boolean writesRounded(int output) {
        return false;
    }

    /** Runs {@link #compute} on arbitrary arrays, making dense copies of views first. */
    public final void run(INDArray[] inputs, INDArray[] outputs) {
        INDArray[] dense = inputs.clone();
        for (int i = 0; i < dense.length; i++) {
            dense[i] = RawArrays.dense(inputs[i]);
        }
        compute(dense, outputs);
    }

    @Override
    public List<LongShapeDescriptor> calculateOutputShape() {
        return calculateOutputShape(null);
    }

    @Override
    public List<LongShapeDescriptor> calculateOutputShape(OpContext context) {
        List<INDArray> in = context != null ? context.getInputArrays() : inputArguments;
        INDArray[] arrays = in.toArray(new INDArray[0]);
        List<LongShapeDescriptor> result = new ArrayList<>();
        for (long[] shape : outputShapes(arrays)) {
            result.add(LongShapeDescriptor.fromShape(shape, arrays[0].dataType()));
        }
        return result;
    }

    @Override
    public List<DataType> calculateOutputDataTypes(List<DataType> inputs) {
        List<DataType> result = new ArrayList<>();
        for (int i = 0; i < getNumOutputs(); i++) {
            result.add(inputs.get(0));
        }
        return result;
    }

    /** Integer argument {@code i} as an int. */
    protected final int intArg(int i) {
        return iArguments.get(i).intValue();
    }

    /** All integer arguments. */
    protected final long[] intArgs() {
        return iArguments.stream().mapToLong(Long::longValue).toArray();
    }

    /** Arithmetic of dense products from integer argument {@code i}; files of older versions lack it. */
    protected final Precision precisionArg(int i) {
        return i < iArguments.size() ? Precision.values()[intArg(i)] : Precision.FP32;
    }

    /** Floating argument {@code i}. */
    protected final double realArg(int i) {
        return tArguments.get(i);
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
        // Shapes are checked by the kernels, with messages that name the operands.
    }

    /** Never null: SameDiff fails with a NullPointerException when it copies an op that returns null here. */
    @Override
    public Map<String, Object> propertiesForFunction() {
        return new LinkedHashMap<>();
    }

    @Override
    public void setPropertiesForFunction(Map<String, Object> properties) {
        // settings live in the arguments
    }

    @Override
    public void configureFromArguments() {
        // settings live in the arguments
    }
}
