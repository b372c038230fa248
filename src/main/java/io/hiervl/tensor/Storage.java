package io.hiervl.tensor;

/** Memory of one device. Who allocated it frees it; tensors only look at it. */
public interface Storage {
    /** Length in bytes. */
    long bytes();

    /** Where it lies, for messages: {@code host}, {@code cuda:0}. */
    String place();
}
