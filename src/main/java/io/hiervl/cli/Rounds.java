package io.hiervl.cli;

import io.hiervl.bench.Benchmark;
import io.hiervl.bench.Quiet;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Two programs in turns. Rounds that other processes disturbed are repeated as long as there is patience, and do not count
 * if there is an undisturbed one.
 *
 * @param wanted   rounds
 * @param patience rounds more while too few are undisturbed
 * @param waiting     seconds to wait for a quiet machine before each process
 */
record Rounds(int wanted, int patience, int waiting, Console console) {

    /** One process of this program and one of each case of the peer. */
    record Round(List<Benchmark.Row> hiervl, List<Benchmark.Row> peer) {
        boolean undisturbed() {
            return hiervl.stream().allMatch(Benchmark.Row::undisturbed) && peer.stream().allMatch(Benchmark.Row::undisturbed);
        }
    }

    List<Round> run(String name, Function<String, List<Benchmark.Row>> peer, List<String> peerCases, Supplier<List<Benchmark.Row>> hiervl) {
        List<Round> rounds = new ArrayList<>();
        while (rounds.size() < wanted || rounds.size() < wanted + patience && rounds.stream().filter(Round::undisturbed).count() < wanted) {
            int number = rounds.size() + 1;
            List<Benchmark.Row> theirs = new ArrayList<>();
            for (String other : peerCases) {
                Quiet.await(waiting);
                theirs.addAll(said("PyTorch", number, peer.apply(other)));
            }
            Quiet.await(waiting);
            rounds.add(new Round(said("hiervl", number, hiervl.get()), theirs));
        }
        List<Round> good = rounds.stream().filter(Round::undisturbed).toList();
        if (good.isEmpty()) {
            console.note(name + ": other processes disturbed every round; compare the minima");
        }
        return good.isEmpty() ? rounds : good;
    }

    private List<Benchmark.Row> said(String program, int round, List<Benchmark.Row> rows) {
        for (Benchmark.Row r : rows) {
            console.note(String.format(Locale.ROOT,
                "round %d %-8s %s %s: median %.2f ms, min %.2f, %d of %d samples quiet, others' cores %s, peak %d MB",
                round, program, r.name(), r.precision(), r.median_ms(), r.min_ms(), r.quiet(), r.samples(), r.others_cores(),
                r.peak_rss_mb()));
        }
        return rows;
    }
}
