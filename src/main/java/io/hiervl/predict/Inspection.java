package io.hiervl.predict;

import io.hiervl.Content;
import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import io.hiervl.config.ModelConfig;
import io.hiervl.image.Photo;
import io.hiervl.model.DQTD;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a trained network does with one photo: gates, masks of every layer, where attention looks, and any array of its graph:
 * <pre>
 * Inspection seen = Inspection.of(Path.of("runs/mine"), Images.readUpright(Path.of("photo.jpg")));
 * float[] gates = seen.gates();
 * BufferedImage picture = seen.overlay(seen.masks(seen.layers()), 0);
 * </pre>
 * The photo is one window. A photo whose longer side exceeds the window of evaluation is made smaller first, {@link #photo}. Its right and
 * lower edges are filled up to the <em>canvas</em>, whose sides are multiples of twice the patch. Maps and points cover the canvas.
 *
 * <p>The network runs when something is asked for that no run before gave. Not safe for several threads.
 */
@PublicApi
public final class Inspection {
    private final TrainedModel model;
    private final SeenPhoto seen;
    private final InspectedGraph graph;

    /**
     * Maps of one size over the canvas.
     *
     * @param values count * height * width, map by map, rows from top to bottom
     */
    public record Maps(float[] values, int count, int height, int width) {
        public Maps {
            if (values.length != (long) count * height * width) {
                throw new IllegalArgumentException(values.length + " values for " + count + " maps of " + width + "x" + height);
            }
        }

        /** One map, a copy. */
        public float[] map(int index) {
            return java.util.Arrays.copyOfRange(values, index * height * width, (index + 1) * height * width);
        }

        @Override
        public boolean equals(Object other) {
            return Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return Content.hash(this);
        }

        @Override
        public String toString() {
            return Content.text(this);
        }
    }

    /**
     * Where one pixel of the decoder looks: heads * levels * points samples, the points of a level next to each other.
     *
     * @param x      columns in pixels of the canvas; the left edge is 0, the centre of the first pixel 0.5; samples outside count as 0
     * @param y      rows likewise
     * @param weight 1 in sum over the samples of a head
     */
    public record Points(float[] x, float[] y, float[] weight, int heads, int levels, int points) {
        @Override
        public boolean equals(Object other) {
            return Content.equal(this, other);
        }

        @Override
        public int hashCode() {
            return Content.hash(this);
        }

        @Override
        public String toString() {
            return Content.text(this);
        }
    }

    private Inspection(TrainedModel model, Photo photo) {
        this.model = model;
        this.seen = SeenPhoto.of(photo, model.recipe().eval().crop(), model.network().sizeMultiple());
        this.graph = new InspectedGraph(model, seen);
    }

    /**
     * Looks at a photo with a trained model.
     *
     * @param run a run folder or checkpoint folder
     * @throws HierVlException usage error for an exported file, whose graph has no parts that can be asked for; model error as of
     *                         {@link TrainedModel#load}
     */
    public static Inspection of(Path run, Photo photo) {
        if (ModelFiles.mayRead(run)) {
            throw HierVlException.usage(run + " is an exported file; an inspection takes a run folder or a checkpoint folder");
        }
        return worker(() -> new Inspection(TrainedModel.load(run), photo));
    }

    /** The same with a model that is loaded: for several photos. */
    public static Inspection of(TrainedModel model, Photo photo) {
        return worker(() -> new Inspection(model, photo));
    }

    private static <T> T worker(Supplier<T> task) {
        try {
            return Worker.shared().call(task::get);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while looking at a photo", e);
        }
    }

    /** The photo as the network saw it, without the filled edges. */
    public Photo photo() {
        return seen.photo();
    }

    /** {width, height} of the canvas in pixels. */
    public int[] canvas() {
        return new int[] {seen.width(), seen.height()};
    }

    /** Class names in index order, K of them. */
    public List<String> classNames() {
        return model.classes();
    }

    /** What every row of the query decoder stands for: class and level of L*K text rows, level by level, then the visual rows. */
    public List<String> rows() {
        requireQueries("rows");
        List<String> rows = new ArrayList<>();
        ModelConfig.Queries q = model.recipe().model().queries();
        for (int l = 0; l < q.levels(); l++) {
            for (String name : model.classes()) {
                rows.add(name + ", level " + l);
            }
        }
        for (int i = 0; i < q.visualQueries(); i++) {
            rows.add("visual " + i);
        }
        return rows;
    }

    /** Gate of every class, (K) in [0,1]: how present HSQG thinks it (docs/paper.md 3.2). */
    public float[] gates() {
        return floats("gates", () -> graph.output().gate().s().name());
    }

    /** Logits of the gates, (K), before the sigmoid. */
    public float[] gateLogits() {
        return floats("gates", () -> graph.output().gate().logit().name());
    }

    /** Layers of the query decoder; there is one mask more, that before the first layer. */
    public int layers() {
        requireQueries("layers");
        return graph.output().predictions().size() - 1;
    }

    /** Layers of the pixel decoder. */
    public int pixelLayers() {
        requireQueries("layers of a pixel decoder");
        return model.recipe().model().decoders().nEnc();
    }

    /**
     * Masks of all {@link #rows} in [0,1], sigmoid of the logits.
     *
     * @param layer 0: before the first layer of the query decoder, n: after layer n; the last one makes the prediction
     */
    public Maps masks(int layer) {
        Maps logits = maps(prediction(layer).masks().name());
        for (int i = 0; i < logits.values.length; i++) {
            logits.values[i] = (float) (1 / (1 + Math.exp(-logits.values[i])));
        }
        return logits;
    }

    /**
     * Class logits of all {@link #rows}, one array a row: K values, with a last one for "no object" if the model has it.
     *
     * @param layer as of {@link #masks}
     */
    public List<float[]> classLogits(int layer) {
        INDArray logits = array(prediction(layer).classes().name());
        List<float[]> rows = new ArrayList<>();
        for (long i = 0; i < logits.size(1); i++) {
            rows.add(logits.slice(0).slice(i).dup('c').data().asFloat());
        }
        return rows;
    }

    private DQTD.Prediction prediction(int layer) {
        requireQueries("masks");
        return graph.output().predictions().get(index("layer", layer, graph.output().predictions().size()));
    }

    /** Scores S of the classes as maps (docs/paper.md 6.3), or the U-Net's probabilities; before they are resized to the photo. */
    public Maps scores() {
        return maps(graph.scores());
    }

    /**
     * Where a row looks in a layer of the query decoder: one map a head over the cells of a feature level, 1 in sum. Cells that the masked
     * attention shuts are 0. Level {@code layer % 3}, coarsest first, has the cells.
     *
     * @param layer 0 to {@link #layers} - 1
     * @param row   index in {@link #rows}
     */
    public Maps attention(int layer, int row) {
        requireQueries("attention");
        index("layer", layer, layers());
        index("row", row, rows().size());
        int[] cells = graph.output().pixels().shapes()[layer % graph.output().pixels().shapes().length];
        return worker(() -> graph.attention("query_decoder.layers." + layer + ".cross_attn", row, cells));
    }

    /**
     * Where the classes look in a layer of the pixel decoder: alpha of equation 1, one map a class, 1 in sum over the pixels that the rows
     * of the level may look at.
     *
     * @param layer 0 to {@link #pixelLayers} - 1
     * @param level of abstraction, whose feature level has the cells; coarsest first
     * @throws HierVlException usage error for a model without alignment ({@code model.cmsam: off})
     */
    public Maps alignment(int layer, int level) {
        requireQueries("alignment");
        if (model.recipe().model().alignment().cmsam() == ModelConfig.Cmsam.OFF) {
            throw HierVlException.usage("the model has no alignment of text with pixels (model.cmsam is off), so there is nothing to see");
        }
        index("layer", layer, pixelLayers());
        index("level", level, model.recipe().model().queries().levels());
        return worker(() -> graph.alignment(layer, level));
    }

    /**
     * Sampling points of the deformable attention for the cell of a feature level that holds a pixel.
     *
     * @param layer 0 to {@link #pixelLayers} - 1
     * @param level of the cell, coarsest first
     * @param x     column of the pixel in the canvas
     * @param y     row of the pixel in the canvas
     */
    public Points sampling(int layer, int level, int x, int y) {
        requireQueries("sampling points");
        index("layer", layer, pixelLayers());
        index("level", level, graph.output().pixels().shapes().length);
        index("x", x, seen.width());
        index("y", y, seen.height());
        return worker(() -> graph.sampling("pixel_decoder.layers." + layer + ".self_attn", level, x, y));
    }

    /**
     * Names of all arrays that the prediction is made of, in the order of the graph: place in the network, then the operation, for example
     * {@code query_decoder.layers.0.cross_attn/attention}.
     */
    public List<String> names() {
        return graph.names();
    }

    /**
     * Any array of the graph, a copy.
     *
     * @param name one of {@link #names}
     * @throws HierVlException usage error that lists near names for one that is not there
     */
    public INDArray array(String name) {
        return worker(() -> graph.array(name));
    }

    /** A map as colours over {@link #photo}: its smallest value leaves the photo dark, its largest is red. */
    public BufferedImage overlay(Maps maps, int index) {
        return HeatMap.draw(seen, maps, index("index", index, maps.count));
    }

    private Maps maps(String name) {
        INDArray a = array(name);
        return new Maps(a.data().asFloat(), (int) a.size(1), (int) a.size(2), (int) a.size(3));
    }

    private float[] floats(String what, Supplier<String> name) {
        requireQueries(what);
        return array(name.get()).data().asFloat();
    }

    private void requireQueries(String what) {
        if (model.recipe().model().tower().unetAlone()) {
            throw HierVlException
                .usage("the model predicts with a U-Net alone (model.unet_alone), so it has no " + what + "; names() lists what it has");
        }
    }

    private static int index(String what, int value, int size) {
        if (value < 0 || value >= size) {
            throw new IllegalArgumentException(what + " is " + value + ", expected 0 to " + (size - 1));
        }
        return value;
    }
}
