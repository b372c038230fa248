package io.hiervl.spark;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;

/** What other parts of the batch have sent to this one and nobody has read yet. */
final class PartInbox extends RpcHandler {
    /** Bytes before the values of a message: run, round, phase, sender. */
    static final int HEADER = 8 + 8 + 4 + 4;
    private static final long LOOK_MS = 200;

    /**
     * One message of every sender belongs to a phase of a round.
     *
     * @param round number of the sum, from 0
     * @param phase 0: values to be added up; 1: sums
     */
    record Key(long round, int phase, int sender) {
    }

    private final long run;
    private final BooleanSupplier given;
    private final Map<Key, ByteBuffer> messages = new HashMap<>();
    private final Map<TransportClient, Integer> senders = new HashMap<>();
    private final Set<Integer> lost = new HashSet<>();

    /**
     * @param run   number that all parts of this run share; messages of others are refused
     * @param given whether the task was given up
     */
    PartInbox(long run, BooleanSupplier given) {
        this.run = run;
        this.given = given;
    }

    static ByteBuffer message(long run, Key key, int bytes) {
        return ByteBuffer.allocate(HEADER + bytes).putLong(run).putLong(key.round).putInt(key.phase).putInt(key.sender);
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        if (message.remaining() < HEADER || message.getLong() != run) {
            callback.onFailure(new IllegalArgumentException("a message of another run"));
            return;
        }
        Key key = new Key(message.getLong(), message.getInt(), message.getInt());
        ByteBuffer values = ByteBuffer.allocate(message.remaining()).put(message).flip();
        synchronized (messages) {
            senders.put(client, key.sender);
            messages.put(key, values);
            messages.notifyAll();
        }
        callback.onSuccess(ByteBuffer.allocate(0));
    }

    @Override
    public void channelInactive(TransportClient client) {
        synchronized (messages) {
            Integer sender = senders.remove(client);
            if (sender != null) {
                lost.add(sender);
                messages.notifyAll();
            }
        }
    }

    /**
     * Waits for a message.
     *
     * @param there whether the sender's port is open; one that has sent nothing yet has no connection to this port
     * @throws LostPart the sender is gone, or the task was given up
     */
    ByteBuffer take(Key key, BooleanSupplier there) {
        synchronized (messages) {
            while (true) {
                ByteBuffer values = messages.remove(key);
                if (values != null) {
                    return values;
                }
                if (lost.contains(key.sender) || !there.getAsBoolean()) {
                    throw new LostPart("part " + key.sender + " of the batch is lost: its connection was closed");
                }
                requireWanted();
                try {
                    messages.wait(LOOK_MS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new LostPart("interrupted while waiting for part " + key.sender);
                }
            }
        }
    }

    /** Fails if the task was given up. */
    void requireWanted() {
        if (given.getAsBoolean()) {
            throw new LostPart("Spark has given up this task");
        }
    }

    /** Another part of the batch is gone: the run can go on from its last checkpoint. */
    static final class LostPart extends RuntimeException {
        private static final long serialVersionUID = 1L;

        LostPart(String message) {
            super(message);
        }
    }

    @Override
    public StreamManager getStreamManager() {
        return new OneForOneStreamManager();
    }
}
