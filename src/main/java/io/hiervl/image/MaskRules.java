package io.hiervl.image;

/**
 * How the pixels of mask files become label values.
 *
 * @param colours     values of colours; null refuses masks that store colours
 * @param byPalette   look the palette entries of index files up among the colours, where a palette shows distinct colours
 * @param transparent value of fully transparent pixels
 */
public record MaskRules(ColourTable colours, boolean byPalette, int transparent) {
    /** Values of indices as they are; colours by the table, if there is one. */
    public static MaskRules of(ColourTable colours) {
        return new MaskRules(colours, false, LabelMap.IGNORE);
    }
}
