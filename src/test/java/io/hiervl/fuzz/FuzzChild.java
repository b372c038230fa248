package io.hiervl.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;

/**
 * Reads damaged files, one after the other, and notes before each which one it is: when the process dies, its parent knows
 * the input. Arguments: working folder, seed, number a family, index to begin with, families.
 */
final class FuzzChild {
    private static final String PROGRESS = "progress.txt";
    private static final String REPORT = "report.txt";

    private FuzzChild() {
    }

    static Path progress(Path work) {
        return work.resolve(PROGRESS);
    }

    static Path report(Path work) {
        return work.resolve(REPORT);
    }

    /** The generator of one input. */
    static Random random(long seed, String family, int index) {
        return new Random(seed * 1_000_003 + family.hashCode() * 31L + index * 7_919L);
    }

    public static void main(String[] args) throws IOException {
        Path work = Path.of(args[0]);
        long seed = Long.parseLong(args[1]);
        int count = Integer.parseInt(args[2]);
        int from = Integer.parseInt(args[3]);
        Families families = new Families(Files.createTempDirectory(work, "seeds"));
        for (int f = 4; f < args.length; f++) {
            Files.deleteIfExists(progress(work)); // making a family's files takes its time, and is no hang of the last input
            Family family = families.of(args[f]);
            run(work, family, seed, f == 4 ? from : 0, count);
        }
        note(work, "END");
        Runtime.getRuntime().halt(0);
    }

    private static void run(Path work, Family family, long seed, int from, int count) throws IOException {
        byte[] original = Files.readAllBytes(family.file());
        Object expected = attempt(family);
        if (expected instanceof Throwable e) {
            throw new IllegalStateException("the undamaged " + family.name() + " cannot be read", e);
        }
        Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
        long start = System.nanoTime();
        for (int i = from; i < count; i++) {
            byte[] damaged = Mutator.mutate(original, random(seed, family.name(), i));
            Files.write(family.file(), damaged);
            Files.writeString(progress(work), family.name() + " " + i);
            Object result = attempt(family);
            Verdict verdict = verdict(family, expected, result);
            counts.merge(verdict, 1, Integer::sum);
            if (verdict == Verdict.FAULT) {
                Files.write(work.resolve("fault-" + family.name() + "-" + i), damaged);
                note(work, "FAULT " + family.name() + " " + i + " " + describe(result));
            }
        }
        Files.write(family.file(), original);
        note(work, String.format(java.util.Locale.ROOT, "DONE %s %s in %.1f s", family.name(), counts, (System.nanoTime() - start) / 1e9));
    }

    private static Object attempt(Family family) {
        try {
            return family.subject().read();
        } catch (Throwable e) {
            return e;
        }
    }

    private static Verdict verdict(Family family, Object expected, Object result) {
        if (result instanceof Throwable e) {
            return Verdict.complaint(e) == null ? Verdict.REFUSED : Verdict.FAULT;
        }
        return result.equals(expected) ? Verdict.EQUAL : family.sealed() ? Verdict.FAULT : Verdict.CHANGED;
    }

    private static String describe(Object result) {
        if (!(result instanceof Throwable e)) {
            return "changed in silence";
        }
        StringBuilder text = new StringBuilder(String.valueOf(Verdict.complaint(e)).replaceAll("\\s*\\R\\s*", " | "));
        for (int i = 0; i < Math.min(6, e.getStackTrace().length); i++) {
            text.append(" < ").append(e.getStackTrace()[i]);
        }
        return text.toString();
    }

    private static void note(Path work, String line) throws IOException {
        Files.writeString(report(work), line + "\n", StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
