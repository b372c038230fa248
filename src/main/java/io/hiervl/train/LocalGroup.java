package io.hiervl.train;

/** Parts of a batch on several devices of this machine: threads of this process, which add up in the order of the parts. */
final class LocalGroup {
    private final int parts;
    private final double[][] wide;
    private final float[][] narrow;
    private int waiting;
    private long round;
    private boolean failed;

    /** A part waits for others that have failed. */
    static final class OtherFailed extends RuntimeException {
        private static final long serialVersionUID = 1;

        OtherFailed(Throwable cause) {
            super("another part of the batch failed", cause);
        }
    }

    LocalGroup(int parts) {
        this.parts = parts;
        this.wide = new double[parts][];
        this.narrow = new float[parts][];
    }

    /** Lets the parts that wait, or will, fail. */
    synchronized void abort() {
        failed = true;
        notifyAll();
    }

    private synchronized void await() {
        long own = round;
        if (!failed && ++waiting == parts) {
            waiting = 0;
            round++;
            notifyAll();
        }
        try {
            while (own == round && !failed) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OtherFailed(e);
        }
        if (own == round) {
            throw new OtherFailed(null);
        }
    }

    /** What a part calls. */
    AllReduce part(int number) {
        return new AllReduce() {
            @Override
            public int part() {
                return number;
            }

            @Override
            public int parts() {
                return parts;
            }

            @Override
            public void sum(double[] values) {
                wide[number] = values.clone();
                await();
                for (int i = 0; i < values.length; i++) {
                    values[i] = 0;
                    for (double[] each : wide) {
                        values[i] += each[i];
                    }
                }
                await();
            }

            @Override
            public void sum(float[] values) {
                narrow[number] = values.clone();
                await();
                for (int i = 0; i < values.length; i++) {
                    double total = 0;
                    for (float[] each : narrow) {
                        total += each[i];
                    }
                    values[i] = (float) total;
                }
                await();
            }
        };
    }
}
