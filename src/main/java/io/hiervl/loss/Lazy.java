package io.hiervl.loss;

import java.util.function.Supplier;

/** A value that is made when it is first asked for. Safe for several threads. */
public final class Lazy<T> implements Supplier<T> {
    private final Supplier<T> make;
    private T value;

    public Lazy(Supplier<T> make) {
        this.make = make;
    }

    @Override
    public synchronized T get() {
        if (value == null) {
            value = make.get();
        }
        return value;
    }
}
