package io.hiervl.graph;

import io.hiervl.op.Add;
import io.hiervl.op.JavaOp;
import io.hiervl.op.StopGradient;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.Variable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.ScalarOp;
import org.nd4j.linalg.api.ops.TransformOp;
import org.nd4j.linalg.api.ops.impl.layers.ExternalErrorsFunction;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs a SameDiff graph, forward or forward and backward, with a memory plan made once: every array is released right
 * after the last op that reads it. SameDiff's own session keeps all activations of a training pass until the garbage
 * collector finds them (18 GB for a ViT-B/16 step) and spends 0.13 ms an op on bookkeeping.
 *
 * <p>The backward ops are the ones that SameDiff derives. Ops of this project and ND4J's dynamic custom ops, scalar and
 * transform ops can be run; control flow cannot. Several threads may run one graph; each uses its own memory.
 */
public final class GraphRunner {
    private static final Set<String> ALIASES = Set.of("hiervl_reshape", "hiervl_stop_gradient", "hiervl_rename", "identity");

    private final List<Step> steps;
    private final Map<String, Integer> slots = new HashMap<>();
    private final Map<Integer, INDArray> fixed = new HashMap<>();
    private final Map<String, String> gradientNames = new LinkedHashMap<>();
    /** By number of step: the variables whose gradients are complete and read by no later op. */
    private final Map<Integer, List<String>> complete = new HashMap<>();
    private final List<String> outputs;
    private final Map<String, Integer> placeholders = new LinkedHashMap<>();
    private final Profile profile = Profile.ifEnabled();

    /** One op: where its operands are, and which slots end their life with it. */
    private record Step(String name, org.nd4j.autodiff.functions.DifferentialFunction op, int[] in, int[] out, boolean alias,
                        boolean sum, int[] release) {
    }

    /** A buffer with the number of slots that look at it. */
    private static final class Storage {
        private final ArrayPool.Buffer buffer;
        private int users = 1;

        Storage(ArrayPool.Buffer buffer) {
            this.buffer = buffer;
        }
    }

    /** Forward only. */
    public GraphRunner(SameDiff sd, List<String> outputs) {
        this(sd, outputs, null, List.of());
    }

    /** Forward and backward, keeping every activation that the backward pass reads. */
    public GraphRunner(SameDiff sd, List<String> outputs, String loss, Collection<String> gradientsOf) {
        this(sd, outputs, loss, gradientsOf, List.of());
    }

    /**
     * @param sd          the graph
     * @param outputs     variables whose values are wanted
     * @param loss        scalar to differentiate, or null for forward only
     * @param gradientsOf variables (of type VARIABLE) whose gradients are wanted
     * @param blocks      {@link FusedOps#blocks}: ends of blocks whose activations are computed again in the backward pass
     */
    public GraphRunner(SameDiff sd, List<String> outputs, String loss, Collection<String> gradientsOf, List<String> blocks) {
        this.outputs = List.copyOf(outputs);
        SameDiff graph = sd;
        Set<String> wanted = new LinkedHashSet<>(outputs);
        if (loss != null) {
            graph = gradientGraph(sd, loss, gradientsOf);
            for (String name : gradientsOf) {
                SDVariable gradient = sd.getVariable(name).getGradient();
                if (gradient != null) {
                    gradientNames.put(name, gradient.name());
                    wanted.add(gradient.name());
                }
            }
        }
        List<PlannedOp> order = Schedule.of(graph, wanted);
        if (loss != null && !blocks.isEmpty()) {
            order = Recomputation.apply(order, sd.getOps().keySet(), blocks, wanted);
        }
        this.steps = plan(sd, graph, order, wanted);
        findComplete(order);
    }

    private void findComplete(List<PlannedOp> order) {
        Map<String, Integer> touched = new HashMap<>();
        for (int i = 0; i < order.size(); i++) {
            for (String name : order.get(i).out()) {
                touched.put(name, i);
            }
            for (String name : order.get(i).in()) {
                touched.put(name, i);
            }
        }
        gradientNames.forEach((variable, gradient) -> {
            if (touched.containsKey(gradient) && !outputs.contains(gradient)) {
                complete.computeIfAbsent(touched.get(gradient), k -> new ArrayList<>()).add(variable);
            }
        });
    }

    private static SameDiff gradientGraph(SameDiff sd, String loss, Collection<String> gradientsOf) {
        sd.setLossVariables(loss);
        PrintStream out = System.out;
        // SameDiff prints a line for every op it differentiates.
        System.setOut(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        GradientCut cut = new GradientCut(sd);
        try {
            sd.createGradFunction(gradientsOf.toArray(new String[0]));
        } finally {
            cut.join(sd);
            System.setOut(out);
        }
        cut.join(sd.getFunction("grad"));
        return sd.getFunction("grad");
    }

    private List<Step> plan(SameDiff sd, SameDiff graph, List<PlannedOp> order, Set<String> wanted) {
        Map<String, Integer> lastUse = new HashMap<>();
        for (int i = 0; i < order.size(); i++) {
            for (String in : order.get(i).in()) {
                lastUse.put(in, i);
            }
        }
        Set<String> read = new LinkedHashSet<>(lastUse.keySet());
        read.addAll(wanted);
        for (String name : read) {
            int slot = slots.size();
            slots.put(name, slot);
            Variable v = graph.getVariables().get(name);
            VariableType type = v == null ? VariableType.ARRAY : v.getVariable().getVariableType();
            if (type == VariableType.PLACEHOLDER) {
                placeholders.put(name, slot);
            } else if (type != VariableType.ARRAY) {
                INDArray shared = sd.hasVariable(name) ? sd.getVariable(name).getArr() : graph.getVariable(name).getArr();
                fixed.put(slot, shared);
            }
        }
        List<Step> plan = new ArrayList<>();
        Set<String> zeros = new LinkedHashSet<>();
        for (int i = 0; i < order.size(); i++) {
            PlannedOp op = order.get(i);
            if (op.op() instanceof StopGradient.Zeros) {
                zeros.addAll(op.out());
            }
            // Adding the zeros of a cut gradient changes nothing: the sum is the other operand.
            boolean addsZeros = op.op().opName().equals("add") && op.in().stream().anyMatch(zeros::contains);
            int[] in = (addsZeros ? op.in().stream().sorted((a, b) -> Boolean.compare(zeros.contains(a), zeros.contains(b))) : op.in().stream())
                .mapToInt(slots::get).toArray();
            int[] out = op.out().stream().mapToInt(n -> slots.getOrDefault(n, -1)).toArray();
            int step = i;
            int[] release = op.in().stream().distinct()
                .filter(n -> lastUse.get(n) == step && !wanted.contains(n) && !fixed.containsKey(slots.get(n)) && !placeholders.containsKey(n))
                .mapToInt(slots::get).toArray();
            plan.add(new Step(op.name(), op.op(), in, out, addsZeros || ALIASES.contains(op.op().opName()),
                op.op().opName().equals("add"), release));
        }
        return plan;
    }

    /** Takes gradients as they come. */
    public interface GradientSink {
        /** @param gradient valid during the call, as its memory is used again afterwards */
        void accept(String variable, INDArray gradient);
    }

    /** Runs the graph and keeps all gradients. Placeholders are read, never changed or released. */
    public Result run(Map<String, INDArray> inputs) {
        return run(inputs, null);
    }

    /**
     * Runs the graph and hands every gradient over as soon as it is complete, so that not all of them exist at a time.
     *
     * @param sink null: the gradients are kept for {@link Result#gradient}
     */
    public Result run(Map<String, INDArray> inputs, GradientSink sink) {
        ArrayPool pool = ArrayPool.ofThread();
        INDArray[] values = new INDArray[slots.size()];
        Storage[] storage = new Storage[slots.size()];
        fixed.forEach((slot, array) -> values[slot] = array);
        placeholders.forEach((name, slot) -> {
            INDArray array = inputs.get(name);
            if (array == null) {
                throw new IllegalArgumentException("placeholder " + name + " has no value; given: " + inputs.keySet());
            }
            values[slot] = JavaOp.dense(array);
        });
        boolean finished = false;
        try {
            for (int i = 0; i < steps.size(); i++) {
                Step step = steps.get(i);
                INDArray[] in = operands(step, values);
                long start = profile == null ? 0 : System.nanoTime();
                execute(step, in, values, storage, pool);
                if (profile != null) {
                    long spent = System.nanoTime() - start;
                    INDArray first = step.out[0] < 0 ? null : values[step.out[0]];
                    profile.add(step.op.opName(), in, spent, Arithmetic.of(step.op.opName(), in, first, step.out.length > 1 && step.out[1] >= 0));
                }
                for (int slot : step.release) {
                    release(slot, values, storage, pool);
                }
                if (sink != null) {
                    for (String variable : complete.getOrDefault(i, List.of())) {
                        int slot = slots.get(gradientNames.get(variable));
                        sink.accept(variable, values[slot]);
                        release(slot, values, storage, pool);
                    }
                }
            }
            finished = true;
        } finally {
            if (!finished) {
                for (int i = 0; i < storage.length; i++) {
                    release(i, values, storage, pool);
                }
            }
        }
        return new Result(values, storage, pool);
    }

    private static void release(int slot, INDArray[] values, Storage[] storage, ArrayPool pool) {
        Storage s = storage[slot];
        if (s != null) {
            storage[slot] = null;
            if (--s.users == 0) {
                pool.give(s.buffer);
            }
            values[slot] = null;
        }
    }

    private static INDArray[] operands(Step step, INDArray[] values) {
        INDArray[] in = new INDArray[step.in.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = values[step.in[i]];
            if (in[i] == null) {
                throw new IllegalStateException("op " + step.name + " (" + step.op.opName() + ") reads an array that is gone");
            }
        }
        return in;
    }

    private void execute(Step step, INDArray[] in, INDArray[] values, Storage[] storage, ArrayPool pool) {
        try {
            if (step.alias) {
                alias(step, in, values, storage);
            } else if (step.op instanceof JavaOp op) {
                java(op, step, in, values, storage, pool);
            } else if (step.sum && in[0].equalShapes(in[1])) {
                sum(step, in, values, storage, pool);
            } else if (step.op instanceof ExternalErrorsFunction) {
                throw new IllegalStateException("external errors cannot be run");
            } else {
                // these ops carry the operands of a call
                synchronized (step.op) {
                    if (step.op instanceof DynamicCustomOp op) {
                        nativeOp(op, step, in, values, storage, pool);
                    } else {
                        legacy(step, in, values, storage, pool);
                    }
                }
            }
        } catch (RuntimeException e) {
            throw new IllegalStateException("op " + step.name + " (" + step.op.opName() + ") failed on inputs "
                + Arrays.stream(in).map(a -> Arrays.toString(a.shape())).toList() + ": " + e.getMessage(), e);
        }
    }

    private static void alias(Step step, INDArray[] in, INDArray[] values, Storage[] storage) {
        if (step.out[0] < 0) {
            return;
        }
        INDArray x = in[0];
        long[] shape = step.op instanceof JavaOp op ? op.outputShapes(in)[0] : x.shape();
        Storage s = storage[step.in[0]];
        if (Arrays.equals(shape, x.shape()) && JavaOp.isDense(x)) {
            values[step.out[0]] = x;
        } else {
            values[step.out[0]] = s == null ? JavaOp.dense(x).reshape('c', shape) : s.buffer.array(shape);
        }
        if (s != null) {
            s.users++;
            storage[step.out[0]] = s;
        }
    }

    /** SameDiff's sum of two gradients, in the place of an operand that nobody else reads. */
    private static void sum(Step step, INDArray[] in, INDArray[] values, Storage[] storage, ArrayPool pool) {
        if (step.out[0] < 0) {
            return;
        }
        for (int i = 0; i < 2; i++) {
            int slot = step.in[i];
            if (storage[slot] != null && storage[slot].users == 1 && Arrays.stream(step.release).anyMatch(s -> s == slot)) {
                Add.sum(in[i], in[1 - i], in[i]);
                storage[slot].users++;
                storage[step.out[0]] = storage[slot];
                values[step.out[0]] = in[i];
                return;
            }
        }
        Add.sum(in[0], in[1], allocate(step.out[0], in[0].dataType(), in[0].shape(), values, storage, pool));
    }

    private static void java(JavaOp op, Step step, INDArray[] in, INDArray[] values, Storage[] storage, ArrayPool pool) {
        long[][] shapes = op.outputShapes(in);
        INDArray[] out = new INDArray[step.out.length];
        for (int i = 0; i < out.length; i++) {
            if (step.out[i] >= 0) {
                out[i] = allocate(step.out[i], in[0].dataType(), shapes[i], values, storage, pool);
            }
        }
        op.compute(in, out);
    }

    private static void nativeOp(DynamicCustomOp op, Step step, INDArray[] in, INDArray[] values, Storage[] storage, ArrayPool pool) {
        try (var context = Nd4j.getExecutioner().buildContext()) {
            context.setIArguments(op.iArgs());
            context.setTArguments(op.tArgs());
            context.setBArguments(op.bArgs());
            context.setDArguments(op.dArgs());
            context.setInputArrays(in);
            var shapes = op.calculateOutputShape(context);
            INDArray[] out = new INDArray[shapes.size()];
            List<ArrayPool.Buffer> unwanted = new ArrayList<>();
            for (int i = 0; i < out.length; i++) {
                long[] shape = shapes.get(i).getShape();
                DataType type = shapes.get(i).dataType();
                if (i < step.out.length && step.out[i] >= 0) {
                    out[i] = allocate(step.out[i], type, shape, values, storage, pool);
                } else {
                    ArrayPool.Buffer buffer = pool.take(type, length(shape));
                    unwanted.add(buffer);
                    out[i] = buffer.array(shape);
                }
            }
            context.setOutputArrays(out);
            Nd4j.exec(op, context);
            unwanted.forEach(pool::give);
        } catch (Exception e) {
            throw e instanceof RuntimeException r ? r : new IllegalStateException(e);
        }
    }

    private static void legacy(Step step, INDArray[] in, INDArray[] values, Storage[] storage, ArrayPool pool) {
        if (!(step.op instanceof ScalarOp || step.op instanceof TransformOp)) {
            throw new IllegalStateException("ops of " + step.op.getClass().getName() + " cannot be run here; use SameDiff.output");
        }
        var op = (org.nd4j.linalg.api.ops.Op) step.op;
        op.setX(in[0]);
        if (in.length > 1) {
            op.setY(in[1]);
        }
        op.setZ(allocate(step.out[0], in[0].dataType(), in[0].shape(), values, storage, pool));
        Nd4j.getExecutioner().exec(op);
        op.setX(null);
        op.setY(null);
        op.setZ(null);
    }

    private static long length(long[] shape) {
        long n = 1;
        for (long d : shape) {
            n *= d;
        }
        return n;
    }

    private static INDArray allocate(int slot, DataType type, long[] shape, INDArray[] values, Storage[] storage, ArrayPool pool) {
        ArrayPool.Buffer buffer = pool.take(type, length(shape));
        storage[slot] = new Storage(buffer);
        values[slot] = buffer.array(shape);
        return values[slot];
    }

    /** Number of ops in the plan. */
    public int size() {
        return steps.size();
    }

    /** Names of the placeholders that {@link #run} needs. */
    public Set<String> placeholders() {
        return placeholders.keySet();
    }

    /** Returns the unused memory of this thread's pool to the operating system. */
    public static void releaseMemory() {
        ArrayPool.ofThread().clear();
    }

    /** Values of one run; they live until {@link #close}, copies longer. */
    public final class Result implements AutoCloseable {
        private final INDArray[] values;
        private final Storage[] storage;
        private final ArrayPool pool;

        private Result(INDArray[] values, Storage[] storage, ArrayPool pool) {
            this.values = values;
            this.storage = storage;
            this.pool = pool;
        }

        /** Value of a wanted variable. */
        public INDArray output(String name) {
            if (!outputs.contains(name)) {
                throw new IllegalArgumentException(name + " was not asked for; outputs are " + outputs);
            }
            return values[slots.get(name)];
        }

        /** Value of a wanted scalar. */
        public double scalar(String name) {
            return output(name).getDouble(0);
        }

        /** Gradient of the loss, or null if the loss does not depend on the variable or a sink has taken it. */
        public INDArray gradient(String variable) {
            String name = gradientNames.get(variable);
            return name == null ? null : values[slots.get(name)];
        }

        @Override
        public void close() {
            for (int i = 0; i < storage.length; i++) {
                release(i, values, storage, pool);
            }
        }
    }
}
