package io.hiervl.synth;

import io.hiervl.text.BpeTokenizer;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Sentences as the text tower's placeholders.
 *
 * @param oneHot (K,length,V), rows after the end token are zero
 * @param end    (K,1,length), 1 at the end token
 */
record TokenBatch(INDArray oneHot, INDArray end) {
    static TokenBatch of(List<int[]> ids, int length, int vocabulary) {
        float[] hot = new float[ids.size() * length * vocabulary];
        float[] end = new float[ids.size() * length];
        for (int k = 0; k < ids.size(); k++) {
            int[] row = ids.get(k);
            for (int i = 0; i < row.length; i++) {
                hot[(k * length + i) * vocabulary + row[i]] = 1;
            }
            end[k * length + row.length - 1] = 1;
        }
        return new TokenBatch(Nd4j.create(hot, new long[] {ids.size(), length, vocabulary}, 'c'),
            Nd4j.create(end, new long[] {ids.size(), 1, length}, 'c'));
    }

    /** Start token, tokens, end token of each sentence. */
    static List<int[]> tokenize(BpeTokenizer tokenizer, List<String> texts, int context) {
        return texts.stream().map(t -> tokenizer.withSpecials(t, context)).toList();
    }

    static int longest(List<int[]> ids) {
        return ids.stream().mapToInt(r -> r.length).max().orElse(2);
    }
}
