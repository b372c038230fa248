package io.hiervl.image;

import io.hiervl.HierVlException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** A decoded mask file: its label values by rules, and what its palette and its transparent pixels show. */
public final class MaskFile {
    private final MaskPixels pixels;
    private final String name;

    private MaskFile(MaskPixels pixels, String name) {
        this.pixels = pixels;
        this.name = name;
    }

    /**
     * Decodes a mask.
     *
     * @param name how messages call it
     * @throws HierVlException unreadable, lossy, or values above 255
     */
    public static MaskFile decode(byte[] bytes, String name, long maxPixels) {
        return new MaskFile(MaskPixels.read(bytes, name, maxPixels), name);
    }

    /** How messages call it. */
    public String name() {
        return name;
    }

    public int width() {
        return pixels.width();
    }

    public int height() {
        return pixels.height();
    }

    /** Whether the file stores colours instead of indices. */
    public boolean storesColours() {
        return pixels.colours() != null;
    }

    /** Pixels whose colour nobody saw, because they are fully transparent. */
    public long transparentPixels() {
        return storesColours() ? Arrays.stream(pixels.colours()).filter(c -> c >>> 24 == 0).count() : 0; // below an index nothing is hidden
    }

    /** How often each colour 0xRRGGBB occurs among the pixels that are not transparent; of index files by their palette. */
    public Map<Integer, Long> colourCounts() {
        Map<Integer, Long> counts = new TreeMap<>();
        if (storesColours()) {
            Arrays.stream(pixels.colours()).filter(c -> c >>> 24 != 0).forEach(c -> counts.merge(c & 0xFFFFFF, 1L, Long::sum));
        } else {
            long[] values = histogram();
            (palette().isEmpty() ? greys() : palette()).forEach((index, colour) -> counts.merge(colour, values[index], Long::sum));
        }
        return counts;
    }

    /** 1 for every pixel that is neither black (index 0, if there is no palette) nor transparent; else 0. */
    public byte[] marked() {
        byte[] out = new byte[width() * height()];
        int[] palette = pixels.palette();
        for (int i = 0; i < out.length; i++) {
            int colour = storesColours() ? pixels.colours()[i] : palette == null ? 0xFF000000 | pixels.indices()[i] & 255
                : palette[pixels.indices()[i] & 255];
            boolean opaqueBlack = (colour & 0xFFFFFF) == 0 && !hasAlpha();
            out[i] = (byte) (colour >>> 24 == 0 || opaqueBlack ? 0 : 1);
        }
        return out;
    }

    /** Whether transparency tells marked pixels from others, so that black is a colour like others. */
    private boolean hasAlpha() {
        return storesColours() ? transparentPixels() > 0 : pixels.palette() != null && Arrays.stream(pixels.palette())
            .anyMatch(c -> c >>> 24 == 0);
    }

    /** How often each index occurs; 256 entries. */
    public long[] histogram() {
        return new LabelMap(pixels.indices(), pixels.width(), pixels.height()).histogram();
    }

    /**
     * The colour 0xRRGGBB of every index that occurs. Empty without a palette, and for palettes that show nothing: a grey ramp, or one
     * colour for two indices.
     */
    public Map<Integer, Integer> palette() {
        Map<Integer, Integer> used = shownPalette();
        return used.entrySet().stream().allMatch(e -> e.getValue() == e.getKey() * 0x010101) ? Map.of() : used;
    }

    /** The grey 0xRRGGBB of every index that occurs. */
    private Map<Integer, Integer> greys() {
        long[] counts = histogram();
        Map<Integer, Integer> used = new TreeMap<>();
        IntStream.range(0, 256).filter(i -> counts[i] > 0).forEach(i -> used.put(i, i * 0x010101));
        return used;
    }

    /** The same with grey ramps: beside another palette they show that one of the two was numbered anew. */
    public Map<Integer, Integer> shownPalette() {
        int[] palette = pixels.palette();
        Map<Integer, Integer> used = new TreeMap<>();
        if (palette == null) {
            return used;
        }
        long[] counts = histogram();
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < 256; i++) {
            if (counts[i] > 0) {
                int colour = i < palette.length ? palette[i] & 0xFFFFFF : -1;
                if (!seen.add(colour)) {
                    return Map.of();
                }
                used.put(i, colour);
            }
        }
        return used;
    }

    /**
     * The label values.
     *
     * @throws HierVlException colours without a table, or a colour that is not in it
     */
    public LabelMap labels(MaskRules rules) {
        if (storesColours()) {
            return new LabelMap(byColour(rules), width(), height());
        }
        Map<Integer, Integer> palette = rules.byPalette() && rules.colours() != null ? palette() : Map.of();
        if (palette.isEmpty() && rules.byPalette() && rules.colours() != null && rules.colours().isGrey()) {
            palette = greys();
        }
        if (palette.isEmpty()) {
            return new LabelMap(pixels.indices(), width(), height());
        }
        int[] table = new int[256];
        palette.forEach((index, colour) -> {
            Integer value = rules.colours().values().get(colour);
            if (value == null && index == LabelMap.IGNORE) {
                value = LabelMap.IGNORE; // painting programs never reach this entry by numbering colours anew
            }
            if (value == null && pixels.palette() != null && pixels.palette()[index] >>> 24 == 0) {
                value = rules.transparent();
            }
            if (value == null) {
                throw HierVlException.data(pixels.palette() == null ? name + " has the grey value " + index
                    + ", which is not in the table of " + rules.colours().values().size() + " grey values"
                    : name + ": its palette gives the index " + index + " the colour " + text(colour)
                        + ", which is not in the table of "
                        + rules.colours().values().size()
                        + " colours; 'labels: {palettes: index}' in dataset.yaml takes indices instead of colours");
            }
            table[index] = value;
        });
        return new LabelMap(pixels.indices(), width(), height()).mapped(table);
    }

    private byte[] byColour(MaskRules rules) {
        int[] colours = pixels.colours();
        if (rules.colours() == null) {
            throw HierVlException.data(name + " is an RGB mask, not a map of indices; name the colours of the classes"
                + " under 'labels: colours:' of dataset.yaml, the first pixel is " + text(colours[0]));
        }
        byte[] values = new byte[colours.length];
        for (int i = 0; i < colours.length; i++) {
            Integer value = colours[i] >>> 24 == 0 ? Integer.valueOf(rules.transparent()) : rules.colours().values()
                .get(colours[i] & 0xFFFFFF);
            if (value == null) {
                throw HierVlException.data(name + ": pixel (" + i % width() + ", " + i / width() + ") has the colour " + text(colours[i])
                    + ", which is not in the table of " + rules.colours().values().size() + " colours");
            }
            values[i] = value.byteValue();
        }
        return values;
    }

    private static String text(int rgb) {
        return String.format(Locale.ROOT, "[%d, %d, %d]", rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255);
    }
}
