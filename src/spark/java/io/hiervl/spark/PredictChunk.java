package io.hiervl.spark;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.VoidFunction;

/**
 * Predicts the photos of chunks and commits each: pictures first, then the rows. A chunk whose rows are there is done: another
 * attempt of this task had been given up for lost.
 *
 * @param table folder of the rows
 */
record PredictChunk(ModelSource model, HadoopFiles files, String labels, String overlays, String table)
    implements
        VoidFunction<Iterator<Chunk>> {
    @Override
    public void call(Iterator<Chunk> chunks) throws Exception {
        TaskFailure.named(() -> {
            while (chunks.hasNext()) {
                Chunk chunk = chunks.next();
                String part = table + "/" + chunk.part();
                if (!files.exists(part)) {
                    List<PhotoResult> rows = new ArrayList<>();
                    new PhotoWorker(model, files, labels, overlays).run(chunk.photos(), rows::add);
                    files.write(part, ParquetPart.of(rows, files.configuration()));
                }
            }
            return null;
        });
    }
}
