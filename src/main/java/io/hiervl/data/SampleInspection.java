package io.hiervl.data;

import io.hiervl.HierVlException;
import io.hiervl.config.DatasetSpec;
import io.hiervl.config.LabelRules;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Orientation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * What reading one photo and its mask to the last pixel showed.
 *
 * @param findings problems of this sample
 * @param hash     SHA-256 of the photo's file, null if it cannot be read
 * @param width    of the photo, 0 if it cannot be decoded
 * @param height   of the photo, 0 if it cannot be decoded
 * @param pixels   per class, null without a readable mask
 * @param zero     what the mask says about the meaning of 0
 * @param way      which way up the photo is read
 * @param palette  colours of the mask's indices, empty where they do not matter
 */
record SampleInspection(List<Finding> findings, String hash, int width, int height, long[] pixels, ZeroLabel.Meaning zero, Uprightness way,
    Map<Integer, Integer> palette) {
    private static final int TINY = 32;

    record Finding(String file, String problem, String detail, boolean stops) {
    }

    /** @param masks false leaves masks alone */
    static SampleInspection of(Sample sample, Dataset dataset, FactsCache cache, boolean masks) {
        List<Finding> findings = new ArrayList<>();
        boolean ownRange = dataset.spec().photos().ownRange();
        FileFacts photo = facts(ownRange ? "photo/own" : "photo", sample.image(), sample.imagePath(), cache,
            (b, n) -> FileFacts.ofPhoto(b, n, ownRange), findings);
        if (photo.dark() != null) {
            findings.add(new Finding(sample.image(), "nearly black", photo.dark(), false));
        }
        if (photo.readable() && Math.min(photo.width(), photo.height()) < TINY) {
            findings.add(new Finding(sample.image(), "tiny image", "is " + photo.width() + "x" + photo.height(), false));
        }
        if (photo.damage() != null) {
            findings.add(new Finding(sample.image(), "damaged", photo.damage() + "; decoders fill the rest with grey or displaced pixels",
                false));
        }
        long[] pixels = null;
        ZeroLabel.Meaning zero = ZeroLabel.Meaning.UNKNOWN;
        FileFacts mask = null;
        if (masks && sample.hasMask()) {
            LabelReader labels = dataset.labels();
            // How colours are read depends on the description; everything else is asked of the values afterwards.
            LabelRules rules = dataset.spec().labels();
            String kind = "mask" + List.of(rules.colours(), rules.ignoreColours(), rules.palettes(), String.valueOf(rules.transparent()))
                .hashCode();
            mask = facts(kind, sample.mask(), dataset.mask(sample), cache, (b, n) -> FileFacts.ofMask(b, n, labels), findings);
            if (mask.readable()) {
                pixels = values(sample, dataset.mask(sample).toString(), photo, mask, labels, findings);
                zero = zero(mask, dataset);
            }
        }
        Uprightness way = way(photo, mask);
        boolean turned = way.turns(dataset.spec().photos()) && new Orientation(photo.orientation()).swaps();
        return new SampleInspection(List.copyOf(findings), photo.hash(), turned ? photo.height() : photo.width(),
            turned ? photo.width() : photo.height(), pixels, zero, way, palette(mask));
    }

    private static Uprightness way(FileFacts photo, FileFacts mask) {
        boolean masked = mask != null && mask.readable();
        return Uprightness.of(new Orientation(photo.orientation()), photo.width(), photo.height(), masked ? mask.width() : 0, masked
            ? mask.height() : 0);
    }

    private static Map<Integer, Integer> palette(FileFacts mask) {
        Map<Integer, Integer> colours = new TreeMap<>();
        if (mask != null) {
            mask.values().stream().filter(v -> v.colour() >= 0).forEach(v -> colours.put(v.value(), v.colour()));
        }
        return colours;
    }

    private static long[] values(Sample sample, String file, FileFacts photo, FileFacts mask, LabelReader labels, List<Finding> findings) {
        Uprightness way = way(photo, mask);
        boolean fits = mask.width() == photo.width() && mask.height() == photo.height() || way == Uprightness.MASK_UPRIGHT;
        if (mask.transparent() > 0) {
            findings.add(new Finding(sample.mask(), "transparent", mask.transparent() + " pixels are fully transparent and "
                + transparent(labels.spec()), false));
        }
        if (photo.readable() && !fits) {
            findings.add(new Finding(sample.mask(), "size mismatch", "mask is " + mask.width() + "x" + mask.height() + ", photo "
                + sample.image() + " is " + photo.width() + "x" + photo.height(), true));
        }
        long[] pixels = new long[labels.spec().classes().size()];
        int[] table = labels.tableOf(file);
        boolean labelled = false;
        for (FileFacts.Value v : mask.values()) {
            int c = table[v.value()];
            labelled |= c != LabelMap.IGNORE;
            if (c < 0) {
                findings.add(new Finding(sample.mask(), "unknown label", "value " + v.value() + " in " + v.pixels() + " pixels, first at ("
                    + v.first() % mask.width() + ", " + v.first() / mask.width() + "); allowed are " + labels.allowed(file), true));
            } else if (c < pixels.length) {
                pixels[c] += v.pixels();
            }
        }
        if (!labelled) {
            findings.add(new Finding(sample.mask(), "no labels", "every pixel is ignored", false));
        }
        return pixels;
    }

    private static String transparent(DatasetSpec spec) {
        Integer value = spec.labels().transparent();
        return value == null ? "ignored; 'labels: {transparent: 0}' in dataset.yaml makes them class 0" : value < spec.classes().size()
            ? "taken as '" + spec.classes().get(value) + "' by the setting labels.transparent" : "ignored";
    }

    private static ZeroLabel.Meaning zero(FileFacts mask, Dataset dataset) {
        long[] counts = new long[256];
        mask.values().forEach(v -> counts[v.value()] = v.pixels());
        return ZeroLabel.of(counts, dataset.spec());
    }

    private static FileFacts facts(String kind, String name, Path path, FactsCache cache,
                                   BiFunction<byte[], String, FileFacts> read, List<Finding> findings) {
        FileFacts facts;
        if (!Files.exists(path)) {
            facts = FileFacts.missing(FileNames.similar(path));
        } else {
            String other = FileNames.otherSpelling(path);
            if (other != null) {
                findings.add(new Finding(name, "case differs", "the file is called " + other + "; elsewhere it would not be found", false));
            }
            try {
                facts = cache.get(kind, path, read);
            } catch (HierVlException e) {
                facts = FileFacts.unreadable(null, e);
            }
        }
        if (!facts.readable()) {
            findings.add(new Finding(name, facts.problem(), facts.detail(), true));
        }
        return facts;
    }
}
