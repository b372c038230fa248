package io.hiervl.data;

import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Cuts a batch that is there into the images of a share, as {@link Batches} makes them for one. */
final class BatchParts {
    private BatchParts() {
    }

    static Batches.Step of(Batches.Step whole, Share share) {
        LabelledBatch l = whole.labelled();
        int[] own = share.places(l.names().size());
        LabelledBatch labelled = new LabelledBatch(take(l.images(), own), take(l.labels(), own), take(l.names(), own));
        UnlabelledBatch u = whole.unlabelled();
        if (u == null) {
            return new Batches.Step(whole.step(), labelled, null);
        }
        int n = u.names().size();
        int[] places = share.places(n);
        UnlabelledBatch partner = places.length % 2 == 0 ? null : take(u, share.partners(n), null);
        return new Batches.Step(whole.step(), labelled, take(u, places, partner));
    }

    private static UnlabelledBatch take(UnlabelledBatch u, int[] places, UnlabelledBatch partner) {
        return new UnlabelledBatch(take(u.weak(), places), take(u.strong1(), places), take(u.strong2(), places), take(u.valid(), places),
            take(u.boxes1(), places), take(u.boxes2(), places), take(u.names(), places), u.truth() == null ? null : take(u.truth(), places),
            partner);
    }

    private static <T> List<T> take(List<T> all, int[] places) {
        // boxes may be null
        return Arrays.stream(places).<T>mapToObj(all::get).toList();
    }

    private static INDArray take(INDArray a, int[] places) {
        long[] shape = a.shape().clone();
        shape[0] = places.length;
        INDArray result = Nd4j.createUninitialized(a.dataType(), shape);
        for (int i = 0; i < places.length; i++) {
            result.get(NDArrayIndex.point(i)).assign(a.get(NDArrayIndex.point(places[i])));
        }
        return result;
    }
}
