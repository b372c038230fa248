package io.hiervl.synth;

import io.hiervl.Progress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Crops of the world at the scale that things have in its scenes, each with a sentence and with the phrases that are true
 * of it. Pair i depends on the seed and i alone.
 *
 * @param size     side of the crops in pixels
 * @param rgb      interleaved bytes of each crop
 * @param captions sentence of each crop
 * @param captionId number of the sentence among the different sentences
 * @param present  for each crop, which of {@link World#phrases} are true
 */
record Pairs(int size, byte[][] rgb, String[] captions, int[] captionId, boolean[][] present) {
    static Pairs generate(World world, int n, int size, long seed, Progress progress) {
        byte[][] rgb = new byte[n][];
        String[] captions = new String[n];
        boolean[][] present = new boolean[n][];
        List<String> phrases = world.phrases();
        AtomicInteger done = new AtomicInteger();
        IntStream.range(0, n).parallel().forEach(i -> {
            Rng rng = Rng.of(seed, i);
            Scene scene = crop(world, size, rng);
            rgb[i] = scene.rgb();
            captions[i] = Captions.caption(world, scene, rng);
            present[i] = new boolean[phrases.size()];
            Captions.phrases(world, scene).forEach(p -> present[i][phrases.indexOf(p)] = true);
            int d = done.incrementAndGet();
            if (d % 1000 == 0) {
                progress.update(d, n, "rendering pairs");
            }
        });
        Map<String, Integer> ids = new HashMap<>();
        int[] captionId = new int[n];
        for (int i = 0; i < n; i++) {
            captionId[i] = ids.computeIfAbsent(captions[i], c -> ids.size());
        }
        return new Pairs(size, rgb, captions, captionId, present);
    }

    /** No, one (mostly) or two things, in a crowd twice as many; a single one may fill the crop. */
    private static Scene crop(World world, int size, Rng rng) {
        double kind = rng.uniform();
        int things = kind < 0.08 ? 0 : kind < 0.74 ? 1 : 2;
        if (world.layout().crowd()) {
            return world.crops(size, world.layout().minRadius(), world.layout().maxRadius()).render(rng, 2 * things);
        }
        return world.crops(size, 8, (things == 1 ? 0.5 : 0.36) * size).render(rng, things);
    }

    int count() {
        return rgb.length;
    }
}
