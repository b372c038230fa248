package io.hiervl.backend.cuda;

import io.hiervl.backend.Backend;
import io.hiervl.backend.DeviceSum;
import io.hiervl.backend.Kernels;
import io.hiervl.backend.Traffic;
import io.hiervl.backend.WorkingMemory;
import io.hiervl.tensor.ElementType;
import io.hiervl.tensor.Precision;
import io.hiervl.tensor.Resize;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An NVIDIA GPU of compute capability 8.0 or newer, through its driver alone. Everything happens on one stream in the order in which it was
 * started; only downloads wait. What {@link SupportedOps} does not name is computed on the host.
 */
public final class CudaBackend implements Backend {
    private static final Logger LOG = LoggerFactory.getLogger(CudaBackend.class);

    /** What the op of a thread has borrowed. */
    private static final class Borrowed {
        private WorkingMemory.Lender lender;
        /** Results of the op that are added to what is there. */
        private List<Tensor> sums = List.of();
        private final Deque<WorkingMemory.Loan> loans = new ArrayDeque<>();

        void giveBack(int keep) {
            while (loans.size() > keep) {
                loans.pop().giveBack().run();
            }
        }
    }

    private final CudaDevice device;
    private final CuBlas blas;
    private final AtomicBoolean saidTf32 = new AtomicBoolean();
    private final Map<Precision, CudaKernels> kernels = new EnumMap<>(Precision.class);
    private final ThreadLocal<Borrowed> borrowed = ThreadLocal.withInitial(Borrowed::new);
    private final Map<List<Object>, ResizeTables> tables = new ConcurrentHashMap<>();

    /** Whether all sums have an order that does not change. */
    private final boolean ordered;

    /** Of arrays that keep their values from run to run. */
    private final RoundedCopies rounded;

    private CudaBackend(CudaDevice device, CuBlas blas, RoundedCopies rounded, boolean ordered) {
        this.device = device;
        this.blas = blas;
        this.rounded = rounded;
        this.ordered = ordered;
        for (Precision precision : Precision.values()) {
            kernels.put(precision, new CudaKernels(this, precision));
        }
    }

    /**
     * Opens a GPU.
     *
     * @param ordinal its number, from 0
     * @throws io.hiervl.HierVlException of the environment, in one sentence: no driver, no GPU of this number, or one that is too old
     */
    public static CudaBackend open(int ordinal) {
        return open(null, null, ordinal);
    }

    /**
     * The same with libraries other than those that are found.
     *
     * @param driver file of the driver; null: the usual one
     * @param blas   file of cuBLAS, or {@code none}; null: what is found
     */
    public static CudaBackend open(String driver, String blas, int ordinal) {
        CudaDevice device = CudaDevice.open(driver, ordinal);
        return new CudaBackend(device, CuBlas.open(blas, device.stream()), new RoundedCopies(device), false);
    }

    CudaDevice device() {
        return device;
    }

    /** Null where the own kernels multiply. */
    CuBlas blas() {
        return blas;
    }

    @Override
    public Backend repeatable() {
        return ordered ? this : new CudaBackend(device, blas, rounded, true);
    }

    @Override
    public List<DeviceSum> sums(List<Backend> all) {
        if (!all.stream().allMatch(CudaBackend.class::isInstance) || !Nccl.load()) {
            return List.of();
        }
        List<CudaDevice> devices = all.stream().map(b -> ((CudaBackend) b).device).toList();
        long[] communicators = Nccl.join(devices.stream().mapToInt(CudaDevice::ordinal).toArray());
        CudaDevice.forget();
        return IntStream.range(0, communicators.length).<DeviceSum>mapToObj(i -> array -> {
            devices.get(i).use();
            Nccl.sum(DeviceMemory.address(array, 0), array.length(), communicators[i], devices.get(i).stream());
        }).toList();
    }

    boolean ordered() {
        return ordered;
    }

    @Override
    public String name() {
        return device.place();
    }

    /** One line for reports: the GPU, and who multiplies. */
    public String describe() {
        return device.describe() + ", products by " + (blas == null ? "own kernels" : blas.name());
    }

    /** Runs a task and tells an observer of everything that the device is asked to do meanwhile, by any thread. */
    public void observed(LaunchObserver observer, Runnable task) {
        device.observe(observer);
        try {
            task.run();
        } finally {
            device.observe(null);
        }
    }

    @Override
    public Traffic traffic() {
        return device.traffic();
    }

    /** Bytes of the GPU's memory that are free now. */
    @Override
    public long freeBytes() {
        return device.freeBytes();
    }

    @Override
    public Storage allocate(long bytes) {
        return new DeviceMemory(device.allocate(bytes), bytes, device.place());
    }

    @Override
    public Storage allocateKept(long bytes) {
        DeviceMemory memory = new DeviceMemory(device.allocate(bytes), bytes, device.place());
        rounded.keep(memory);
        return memory;
    }

    @Override
    public void changed(Storage kept) {
        rounded.changed(kept);
    }

    /** A kept array in bfloat16; other arrays as they are. */
    Tensor rounded(Tensor array, DeviceOps ops) {
        return rounded.of(array, ops);
    }

    @Override
    public void free(Storage storage) {
        rounded.free((DeviceMemory) storage);
        device.free(((DeviceMemory) storage).address());
    }

    @Override
    public boolean onHost() {
        return false;
    }

    @Override
    public void upload(Tensor host, Tensor to) {
        rounded.changed(to.storage());
        device.upload(DeviceMemory.address(to, 0), host.address(0), host.length() * host.type().width());
    }

    @Override
    public void download(Tensor from, Tensor host) {
        device.download(host.address(0), DeviceMemory.address(from, 0), host.length() * host.type().width());
    }

    @Override
    public Kernels kernels(ElementType type, Precision products) {
        if (products == Precision.TF32 && !saidTf32.getAndSet(true)) {
            LOG.info("{}: factors of 32-bit products are rounded to TF32, 10 bits of mantissa", name());
        }
        return kernels.get(products);
    }

    @Override
    public boolean gainsFrom(Precision products) {
        return true;
    }

    @Override
    public boolean supports(String op, ElementType type) {
        return SupportedOps.contains(op, type);
    }

    @Override
    public void run(WorkingMemory.Lender lender, Runnable op) {
        Borrowed own = borrowed.get();
        WorkingMemory.Lender before = own.lender;
        own.lender = lender;
        try {
            scope(op);
        } finally {
            own.lender = before;
        }
    }

    @Override
    public boolean adds(String op, int output) {
        return SupportedOps.adds(op, output);
    }

    @Override
    public void run(WorkingMemory.Lender lender, List<Tensor> sums, Runnable op) {
        Borrowed own = borrowed.get();
        own.sums = sums;
        try {
            run(lender, op);
        } finally {
            own.sums = List.of();
        }
    }

    /** Whether the op of this thread is to add a result to what is there. */
    boolean isSum(Tensor result) {
        return borrowed.get().sums.stream().anyMatch(sum -> sum == result);
    }

    /** Runs a part of an op; what it borrows goes back afterwards. The stream keeps the order: whoever gets it next comes later. */
    void scope(Runnable part) {
        Borrowed own = borrowed.get();
        int before = own.loans.size();
        try {
            part.run();
        } finally {
            own.giveBack(before);
        }
    }

    /** Working memory until the end of the scope. */
    Tensor work(ElementType type, long length) {
        Borrowed own = borrowed.get();
        WorkingMemory.Loan loan = own.lender == null ? lend(type, length) : own.lender.lend(type, length);
        own.loans.push(loan);
        return loan.array();
    }

    private WorkingMemory.Loan lend(ElementType type, long length) {
        Storage storage = allocate(length * type.width());
        return new WorkingMemory.Loan(new Tensor(storage, 0, type, length), () -> free(storage));
    }

    ResizeTables resizeTables(int h, int w, int height, int width, Resize mode) {
        return tables.computeIfAbsent(List.of(h, w, height, width, mode), k -> ResizeTables.of(device, h, w, height, width, mode));
    }

    @Override
    public int lanes() {
        return 1;
    }

    @Override
    public String toString() {
        return describe();
    }
}
