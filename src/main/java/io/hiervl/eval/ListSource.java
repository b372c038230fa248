package io.hiervl.eval;

import io.hiervl.data.Dataset;
import io.hiervl.data.Pair;
import io.hiervl.data.SplitList;
import io.hiervl.image.LabelMap;
import io.hiervl.image.Photo;

/**
 * The samples of a list, each with a mask.
 *
 * @param dataset reads label maps
 * @param list    lines with image and mask
 */
public record ListSource(Dataset dataset, SplitList list) implements EvalSource {
    /** Refuses a list with lines that name no mask. */
    public ListSource {
        dataset.requireMasks(list);
    }

    @Override
    public int size() {
        return list.size();
    }

    @Override
    public String name(int i) {
        return list.samples().get(i).image();
    }

    @Override
    public Photo photo(int i) {
        return dataset.load(list.samples().get(i), false).photo();
    }

    @Override
    public LabelMap labels(int i) {
        return dataset.readLabels(list.samples().get(i));
    }

    /** Refuses sizes that differ. */
    @Override
    public Example example(int i) {
        Pair pair = dataset.load(list.samples().get(i), true);
        return new Example(pair.photo(), pair.labels());
    }
}
