package io.hiervl.backend.jvm;

import io.hiervl.backend.Backend;
import io.hiervl.backend.WorkingMemory;
import io.hiervl.tensor.HostStorage;
import io.hiervl.tensor.Storage;
import io.hiervl.tensor.Tensor;
import org.bytedeco.javacpp.Pointer;

/** A backend whose memory is this process's own: nothing is copied up or down. */
public abstract class HostBackend implements Backend {
    @Override
    public Storage allocate(long bytes) {
        return HostStorage.allocate(bytes);
    }

    @Override
    public void free(Storage storage) {
        ((HostStorage) storage).free();
    }

    @Override
    public boolean onHost() {
        return true;
    }

    @Override
    public void upload(Tensor host, Tensor device) {
        copy(host, device);
    }

    @Override
    public void download(Tensor device, Tensor host) {
        copy(device, host);
    }

    private static void copy(Tensor from, Tensor to) {
        Pointer.memcpy(Slab.pointer(to, 0), Slab.pointer(from, 0), from.length() * from.type().width());
    }

    @Override
    public void run(WorkingMemory.Lender lender, Runnable op) {
        Scratch.during(lender, op);
    }

    @Override
    public int lanes() {
        return Parallel.threads();
    }

    @Override
    public String toString() {
        return name();
    }
}
