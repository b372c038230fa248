package io.hiervl.spark;

import io.hiervl.train.AllReduce;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.server.TransportServer;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;

/**
 * Sums over executors, on the transport that carries Spark's shuffles, with its authentication and encryption where they are
 * on. Every part adds up its own piece of the values (reduce-scatter) and sends the sum to all others (all-gather): each part
 * sends and receives 2 (N - 1) / N of the values, in two steps. Pieces are added in the order of the parts, in double
 * precision, so that a sum does not depend on who is first.
 */
final class NetworkSums implements AllReduce, AutoCloseable {
    private static final long LOOK_MS = 200;

    private final int part;
    private final long run;
    private final String host;
    private final TransportContext context;
    private final TransportServer server;
    private final TransportClientFactory factory;
    private final PartInbox inbox;
    private final List<TransportClient> peers = new ArrayList<>();
    private long round;

    /** Opens a port of this executor for the other parts. */
    static NetworkSums ofExecutor(int part, long run, BooleanSupplier given) {
        SparkEnv env = SparkEnv.get();
        return new NetworkSums(part, run, given, env.blockManager().blockManagerId().host(), env.conf(), env.securityManager());
    }

    /**
     * @param run      number that all parts of this run share
     * @param given    whether the task was given up
     * @param host     name of this machine for the others
     * @param security keys of the application; null for none
     */
    NetworkSums(int part, long run, BooleanSupplier given, String host, SparkConf conf, SecurityManager security) {
        Map<String, String> settings = new HashMap<>();
        for (var entry : conf.getAll()) {
            settings.put(entry._1(), entry._2());
        }
        TransportConf transport = new TransportConf("hiervl", new MapConfigProvider(settings));
        this.part = part;
        this.run = run;
        this.host = host;
        this.inbox = new PartInbox(run, given);
        this.context = new TransportContext(transport, inbox);
        List<TransportServerBootstrap> servers = new ArrayList<>();
        List<TransportClientBootstrap> clients = new ArrayList<>();
        if (security != null && security.isAuthenticationEnabled()) {
            servers.add(new AuthServerBootstrap(transport, security));
            clients.add(new AuthClientBootstrap(transport, conf.getAppId(), security));
        }
        this.server = context.createServer(host, 0, servers);
        this.factory = context.createClientFactory(clients);
    }

    /** Where other parts reach this one. */
    String address() {
        return host + ":" + server.getPort();
    }

    /** @param addresses of all parts in order, this one included */
    void connect(List<String> addresses) throws IOException, InterruptedException {
        for (String address : addresses) {
            int colon = address.lastIndexOf(':');
            peers.add(peers.size() == part ? null
                : factory.createClient(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))));
        }
    }

    @Override
    public int part() {
        return part;
    }

    @Override
    public int parts() {
        return peers.size();
    }

    @Override
    public void sum(double[] values) {
        sum(WireValues.of(values));
    }

    @Override
    public void sum(float[] values) {
        sum(WireValues.of(values));
    }

    private int begin(int length, int piece) {
        return (int) ((long) length * piece / parts());
    }

    private void sum(WireValues values) {
        if (parts() == 1) {
            return;
        }
        int n = values.length();
        List<CompletableFuture<Void>> sent = new ArrayList<>();
        for (int other = 0; other < parts(); other++) {
            send(values, other, other, 0, sent);
        }
        int from = begin(n, part);
        int to = begin(n, part + 1);
        double[] sums = new double[to - from];
        for (int other = 0; other < parts() && sums.length > 0; other++) {
            ByteBuffer message = other == part ? null : take(0, other);
            for (int i = 0; i < sums.length; i++) {
                sums[i] += message == null ? values.get(from + i) : values.read(message);
            }
        }
        for (int i = 0; i < sums.length; i++) {
            values.set(from + i, sums[i]);
        }
        for (int other = 0; other < parts(); other++) {
            send(values, other, part, 1, sent);
        }
        for (int other = 0; other < parts(); other++) {
            if (other != part && begin(n, other + 1) > begin(n, other)) {
                values.get(take(1, other), begin(n, other), begin(n, other + 1));
            }
        }
        sent.forEach(this::await);
        round++;
    }

    private ByteBuffer take(int phase, int sender) {
        return inbox.take(new PartInbox.Key(round, phase, sender), peers.get(sender)::isActive);
    }

    /** Sends a piece of the values to another part; an empty one is not sent. */
    private void send(WireValues values, int other, int piece, int phase, List<CompletableFuture<Void>> sent) {
        int from = begin(values.length(), piece);
        int to = begin(values.length(), piece + 1);
        if (other == part || from == to) {
            return;
        }
        ByteBuffer message = PartInbox.message(run, new PartInbox.Key(round, phase, part), (to - from) * values.width());
        values.put(message.slice(), from, to);
        CompletableFuture<Void> arrived = new CompletableFuture<>();
        peers.get(other).sendRpc(message.rewind(), new RpcResponseCallback() {
            @Override
            public void onSuccess(ByteBuffer response) {
                arrived.complete(null);
            }

            @Override
            public void onFailure(Throwable e) {
                arrived.completeExceptionally(e);
            }
        });
        sent.add(arrived);
    }

    private void await(CompletableFuture<Void> arrived) {
        while (true) {
            try {
                arrived.get(LOOK_MS, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                inbox.requireWanted();
            } catch (ExecutionException e) {
                throw new PartInbox.LostPart("another part of the batch cannot be reached: " + HadoopFiles.first(e));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new PartInbox.LostPart("interrupted while sending");
            }
        }
    }

    @Override
    public void close() {
        factory.close();
        server.close();
        context.close();
    }
}
