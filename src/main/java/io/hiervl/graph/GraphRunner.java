package io.hiervl.graph;

import io.hiervl.Stoppable;
import io.hiervl.backend.Backend;
import io.hiervl.op.Op;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Nd4jTensors;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Staging;
import io.hiervl.tensor.Tensor;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.Variable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Runs a SameDiff graph, forward or forward and backward, with a memory plan made once: every array is released right
 * after the last op that reads it. SameDiff's own session keeps all activations of a training pass until the garbage
 * collector finds them (18 GB for a ViT-B/16 step) and spends 0.13 ms an op on bookkeeping.
 *
 * <p>The backward ops are the ones that SameDiff derives. Ops of this project and ND4J's dynamic custom ops, scalar and
 * transform ops can be run; control flow cannot. Several threads may run one graph; each uses its own memory.
 */
public final class GraphRunner {
    private final Backend backend;
    private final List<Step> steps;
    private final boolean[] rounded;
    private final Map<String, Integer> slots = new HashMap<>();
    private final Map<Integer, Tensor> fixed = new HashMap<>();
    private final Map<String, String> gradientNames = new LinkedHashMap<>();
    /** By number of step: the variables whose gradients are complete and read by no later op. */
    private final Map<Integer, List<String>> complete = new HashMap<>();
    /** By step and result: the slot to which it is added, see {@link ProducedSums}. */
    private final int[][] into;
    private final List<String> outputs;
    private final Map<String, Integer> placeholders = new LinkedHashMap<>();
    /** Shapes of placeholders by slot. */
    private final Map<Integer, long[]> given = new HashMap<>();
    private final Profile profile = Profile.ifEnabled();

    /** Forward only. */
    public GraphRunner(Backend backend, SameDiff sd, List<String> outputs) {
        this(backend, sd, outputs, null, List.of(), List.of());
    }

    /**
     * @param backend     memory and kernels
     * @param sd          the graph
     * @param outputs     variables whose values are wanted
     * @param loss        scalar to differentiate, or null for forward only
     * @param gradientsOf variables (of type VARIABLE) whose gradients are wanted
     * @param blocks      {@link FusedOps#blocks}: ends of blocks whose activations are computed again in the backward pass
     */
    public GraphRunner(Backend backend, SameDiff sd, List<String> outputs, String loss, Collection<String> gradientsOf,
                       List<String> blocks) {
        this.backend = backend;
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
        if (loss != null) {
            order = SliceSums.apply(EagerSums.apply(order), wanted);
            Set<String> forward = sd.getOps().keySet();
            order = blocks.isEmpty() ? Recomputation.ofCheapOps(order, forward, wanted)
                : Recomputation.ofBlocks(order, forward, blocks, wanted);
        }
        this.steps = plan(sd, graph, order, wanted);
        boolean[] seen = new boolean[slots.size()];
        wanted.forEach(name -> seen[slots.get(name)] = true);
        fixed.keySet().forEach(slot -> seen[slot] = true);
        placeholders.values().forEach(slot -> seen[slot] = true);
        this.rounded = RoundedSlots.of(steps, seen);
        this.into = ProducedSums.of(backend, steps, seen);
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
        synchronized (GraphRunner.class) {
            return quietly(sd, gradientsOf);
        }
    }

    /** One at a time: the stream of the process is exchanged. */
    private static SameDiff quietly(SameDiff sd, Collection<String> gradientsOf) {
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
                given.put(slot, v.getVariable().getShape());
            } else if (type != VariableType.ARRAY) {
                INDArray shared = sd.hasVariable(name) ? sd.getVariable(name).getArr() : graph.getVariable(name).getArr();
                fixed.put(slot, Nd4jTensors.of(shared));
            }
        }
        List<Step> plan = new ArrayList<>();
        Set<String> zeros = new LinkedHashSet<>();
        for (int i = 0; i < order.size(); i++) {
            PlannedOp op = order.get(i);
            if (op.has(Op.Trait.ZEROS)) {
                zeros.addAll(op.out());
            }
            // Adding the zeros of a cut gradient changes nothing: the sum is the other operand.
            boolean addsZeros = op.sumsGradients() && op.in().stream().anyMatch(zeros::contains);
            int[] in =
                (addsZeros ? op.in().stream().sorted((a, b) -> Boolean.compare(zeros.contains(a), zeros.contains(b))) : op.in().stream())
                    .mapToInt(slots::get).toArray();
            int[] out = op.out().stream().mapToInt(n -> slots.getOrDefault(n, -1)).toArray();
            int step = i;
            int[] release = op.in().stream().distinct()
                .filter(
                    n -> lastUse.get(n) == step && !wanted.contains(n) && !fixed.containsKey(slots.get(n)) && !placeholders.containsKey(n))
                .mapToInt(slots::get).toArray();
            plan.add(new Step(op.name(), op.op(), op.nd4j(), in, out, addsZeros || op.isAlias(), op.sumsGradients(), release));
        }
        return plan;
    }

    /** Takes gradients as they come. */
    public interface GradientSink {
        /** @param gradient valid during the call, as its memory is used again afterwards; it lies where the graph runs */
        void accept(String variable, Tensor gradient);

        /**
         * Where a gradient is to be written on a device instead of being handed over.
         *
         * @param adds whether it can be added to what is there
         * @return null: it is handed over
         */
        default GradientTarget target(String variable, ElementType type, long[] shape, boolean adds) {
            return null;
        }
    }

    /** Placeholders whose values follow from outputs of the same run. */
    public interface Late {
        /**
         * @param early outputs, of which those exist that no late placeholder has a part in
         * @return values of the placeholders that were not given at the start, on the host or where the graph runs
         */
        Map<String, Tensor> values(Result early);
    }

    /** Runs the graph and keeps all gradients. Placeholders are read, never changed or released. */
    public Result run(Map<String, INDArray> inputs) {
        return run(inputs, null);
    }

    /** Runs the graph and hands every gradient over as soon as it is complete, so that not all of them exist at a time. */
    Result run(Map<String, INDArray> inputs, GradientSink sink) {
        Map<String, Tensor> values = new HashMap<>();
        inputs.forEach((name, array) -> values.put(name, Nd4jTensors.of(array)));
        return runTensors(values, null, sink);
    }

    /**
     * The same with a pause right before the first op that reads a placeholder without a value. Ops run in the order in which the graph
     * was built, so what the late values follow from has to be built first.
     *
     * @param inputs on the host or where the graph runs, where nothing is copied
     * @param late   gives the values that are missing in the inputs; null if none is
     * @param sink   null: the gradients are kept for {@link Result#gradient}
     */
    public Result runTensors(Map<String, Tensor> inputs, Late late, GradientSink sink) {
        RunMemory memory = new RunMemory(backend, slots.size(), backend.gainsFrom(Precision.BF16) ? rounded : new boolean[slots.size()]);
        fixed.forEach(memory::lendShared);
        Set<String> missing = new LinkedHashSet<>(placeholders.keySet());
        missing.removeAll(inputs.keySet());
        lend(late == null ? placeholders.keySet() : inputs.keySet(), inputs, memory);
        int pause = late == null ? -1 : firstReader(missing);
        boolean finished = false;
        try {
            for (int i = 0; i < steps.size(); i++) {
                if (i == pause) {
                    lend(missing, late.values(new Result(memory)), memory);
                }
                Stoppable.check();
                List<String> ready = new ArrayList<>(sink == null ? List.of() : complete.getOrDefault(i, List.of()));
                run(i, memory, sink, ready);
                if (sink != null) {
                    ready.forEach(variable -> sink.accept(variable, memory.get(gradientSlot(variable))));
                    // only now: two variables may have one gradient
                    ready.forEach(variable -> memory.release(gradientSlot(variable)));
                }
            }
            finished = true;
        } finally {
            if (!finished) {
                memory.releaseAll();
            }
        }
        return new Result(memory);
    }

    private void lend(Collection<String> names, Map<String, Tensor> values, RunMemory memory) {
        for (String name : names) {
            if (!values.containsKey(name)) {
                throw new IllegalArgumentException("placeholder " + name + " has no value; given: " + values.keySet());
            }
            if (placeholders.containsKey(name)) {
                memory.lend(placeholders.get(name), values.get(name));
            }
        }
    }

    /** The first step that reads one of the placeholders, -1 if there are none. */
    private int firstReader(Set<String> names) {
        Set<Integer> wanted = new HashSet<>();
        names.forEach(name -> wanted.add(placeholders.get(name)));
        for (int i = 0; i < steps.size(); i++) {
            if (Arrays.stream(steps.get(i).in()).anyMatch(wanted::contains)) {
                return i;
            }
        }
        return -1;
    }

    private int gradientSlot(String variable) {
        return slots.get(gradientNames.get(variable));
    }

    /** @param ready variables whose gradients the step completes; those that it writes to their target are taken off */
    private void run(int number, RunMemory memory, GradientSink sink, List<String> ready) {
        Step step = steps.get(number);
        Tensor[] in = memory.operands(step);
        long start = profile == null ? 0 : System.nanoTime();
        memory.execute(step, in, into[number], ready.isEmpty() || backend.onHost() ? null : targets(step, in, sink, ready));
        if (profile != null) {
            long spent = System.nanoTime() - start;
            long[][] shapes = Arrays.stream(in).map(Tensor::shape).toArray(long[][]::new);
            profile.add(step.name(), step.type(), shapes, spent, step.op() == null ? 0 : step.op().flops(shapes, step.wanted()));
        }
        for (int slot : step.release()) {
            memory.release(slot);
        }
    }

    private GradientTarget[] targets(Step step, Tensor[] in, GradientSink sink, List<String> ready) {
        if (!ProducedSums.writes(step) || !backend.supports(step.type(), in[0].type())) {
            return null;
        }
        GradientTarget[] targets = new GradientTarget[step.out().length];
        long[][] shapes = step.op().shapes(Arrays.stream(in).map(Tensor::shape).toArray(long[][]::new));
        for (int i = 0; i < targets.length; i++) {
            int slot = step.out()[i];
            List<String> of = ready.stream().filter(variable -> gradientSlot(variable) == slot).toList();
            if (of.size() == 1) {
                targets[i] = sink.target(of.get(0), in[0].type() == ElementType.DOUBLE ? ElementType.DOUBLE : ElementType.FLOAT, shapes[i],
                    backend.adds(step.type(), i));
                if (targets[i] != null) {
                    ready.remove(of.get(0));
                }
            }
        }
        return targets;
    }

    /**
     * The most bytes of arrays that a run has at a time, parameters left out, by the plan. Working memory of single ops comes on top.
     *
     * @throws IllegalStateException if a placeholder has no shape
     */
    public long plannedBytes() {
        return PlannedMemory.of(steps, slots.size(), given, fixed, backend.gainsFrom(Precision.BF16) ? rounded : null);
    }

    /** Number of ops in the plan. */
    int size() {
        return steps.size();
    }

    /** Names of the placeholders that {@link #run} needs. */
    Set<String> placeholders() {
        return placeholders.keySet();
    }

    /** Returns the unused memory of this thread's pool to the operating system. */
    public static void releaseMemory() {
        ArrayPool.clearThread();
    }

    /** Values of one run; they live until {@link #close}, copies longer. */
    public final class Result implements AutoCloseable {
        private final RunMemory memory;

        private Result(RunMemory memory) {
            this.memory = memory;
        }

        /** Value of a wanted variable. */
        public INDArray output(String name) {
            return memory.array(slot(name));
        }

        private int slot(String name) {
            if (!outputs.contains(name)) {
                throw new IllegalArgumentException(name + " was not asked for; outputs are " + outputs);
            }
            return slots.get(name);
        }

        /** Ends the life of a wanted variable before {@link #close}; no op that is still to run may read it. */
        public void release(String name) {
            memory.release(slot(name));
        }

        /** Value of a wanted variable where the graph ran; it lives until {@link #close}. */
        public Tensor tensor(String name) {
            return memory.get(slot(name));
        }

        /** Value of a wanted scalar. */
        public double scalar(String name) {
            return Staging.first(memory.onHost(slot(name)));
        }

        /** Gradient of the loss, or null if the loss does not depend on the variable or a sink has taken it. */
        public INDArray gradient(String variable) {
            String name = gradientNames.get(variable);
            return name == null ? null : memory.array(slots.get(name));
        }

        @Override
        public void close() {
            memory.releaseAll();
        }
    }
}
