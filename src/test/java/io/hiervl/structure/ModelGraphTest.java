package io.hiervl.structure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.HierVlException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Figures, pictures and files of graphs that are small enough to reckon by hand. */
class ModelGraphTest {
    private static Value value(String name, long... shape) {
        return new Value(name, Arrays.stream(shape).boxed().toList());
    }

    private static Operation op(String path, String name, double flops, boolean alias, Value made, List<Value> parameters, String... in) {
        List<String> inputs = new ArrayList<>(List.of(in));
        parameters.forEach(p -> inputs.add(p.name()));
        return new Operation(path + "/" + name, path, name, inputs, parameters, List.of(made), flops, alias);
    }

    /** x (10) -> a.first.linear (20) -> a.first.reshape -> a.second.linear (5, the same weight again) ; x and it are joined by b.add. */
    private static ModelGraph small() {
        Value w = value("w", 10, 20);
        return new ModelGraph("a <small> graph", List.of(value("x", 10)), List.of(
            op("a.first", "linear", 400, false, value("p", 20), List.of(w), "x"),
            op("a.first", "reshape", 0, true, value("q", 4, 5), List.of(), "p"),
            op("a.second", "linear", 200, false, value("r", 5), List.of(w, value("v", 7)), "q"),
            op("b", "add", 0, false, value("s", 10), List.of(), "r", "x")), List.of("s"));
    }

    @Test
    void modulesAddUpWhatIsInThem() {
        Block root = small().root();
        assertEquals(List.of("a", "b"), root.children().stream().map(Block::label).toList());
        Block a = root.find("a").orElseThrow();
        assertEquals(List.of("first", "second"), a.children().stream().map(Block::label).toList());
        // the weight that both use counts once; the reshape writes nothing
        assertEquals(207, a.figures().parameters());
        assertEquals(600, a.figures().flops());
        assertEquals(4 * (20 + 5), a.figures().written());
        assertEquals(200, root.find("a.first").orElseThrow().figures().parameters());
        assertEquals(4, root.figures().operations());
        assertEquals(List.of("w", "v"), small().parameters().stream().map(Value::name).toList());
    }

    @Test
    void anArrayLivesUntilItsLastReaderHasRun() {
        Block root = small().root();
        assertEquals(4 * (10 + 20), root.find("a.first").orElseThrow().figures().peak(), "x and p");
        assertEquals(4 * (10 + 20 + 5), root.find("a.second").orElseThrow().figures().peak(), "x, p through its other shape, and r");
        assertEquals(4 * (10 + 5 + 10), root.find("b").orElseThrow().figures().peak(), "p is gone");
    }

    @Test
    void aModuleThatOnlyHoldsAnotherIsLeftOut() {
        ModelGraph graph = new ModelGraph("g", List.of(value("x", 1)),
            List.of(op("tower.blocks.0", "f", 1, false, value("y", 1), List.of(), "x")), List.of("y"));
        assertEquals("tower.blocks.0", graph.root().children().get(0).label());
    }

    /** The mask head is used before and after the layer: as one box it would make a cycle. */
    @Test
    void aModuleUsedTwiceIsTwoCallsOnlyIfOneWouldMakeACycle() {
        ModelGraph graph = new ModelGraph("g", List.of(value("x", 1)), List.of(
            op("head", "f", 1, false, value("a", 1), List.of(), "x"), op("other", "f", 1, false, value("o", 1), List.of(), "x"),
            op("head", "f", 1, false, value("a2", 1), List.of(), "x"), op("layer", "f", 1, false, value("b", 1), List.of(), "a"),
            op("head", "f", 1, false, value("c", 1), List.of(), "b", "o")), List.of("c"));
        Calls calls = Calls.of(graph);
        assertEquals(List.of("head1", "other1", "layer1", "head2"), calls.calls().stream().map(c -> c.path() + c.number()).toList());
        assertEquals(2, calls.calls().get(0).operations().size());
        calls.edges().forEach(e -> assertTrue(e.from() < e.to(), e.toString()));
    }

    @Test
    void layoutPutsReadersBelowAndKeepsBoxesApart() {
        double[] widths = IntStream.range(0, 12).mapToDouble(i -> 40 + 10 * (i % 5)).toArray();
        List<int[]> edges = new ArrayList<>();
        for (int i = 1; i < widths.length; i++) {
            edges.add(new int[] {i / 2, i});
            edges.add(new int[] {i / 3, i});
        }
        edges.removeIf(e -> e[0] == e[1]);
        Layout layout = new Layout(widths, edges);
        for (int e = 0; e < edges.size(); e++) {
            int from = edges.get(e)[0];
            int to = edges.get(e)[1];
            assertTrue(layout.row(from) < layout.row(to));
            assertEquals(layout.row(to) - layout.row(from) + 1, layout.way(e).length, "a place in every row");
        }
        for (int i = 0; i < widths.length; i++) {
            assertTrue(layout.x(i) - widths[i] / 2 > -1e-9 && layout.x(i) + widths[i] / 2 < layout.width() + 1e-9);
            for (int j = 0; j < i; j++) {
                assertTrue(layout.row(i) != layout.row(j) || Math.abs(layout.x(i) - layout.x(j)) > (widths[i] + widths[j]) / 2,
                    i + " and " + j + " overlap");
            }
        }
        assertThrows(IllegalArgumentException.class,
            () -> new Layout(new double[] {1, 1}, List.of(new int[] {0, 1}, new int[] {1, 0})));
    }

    @Test
    void theFormsHoldEveryModuleAndAreWellFormed() throws Exception {
        ModelGraph graph = small();
        String svg = graph.text(ModelGraph.Form.SVG);
        NodeList texts = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)))
            .getElementsByTagName("text");
        List<String> words = IntStream.range(0, texts.getLength()).mapToObj(i -> texts.item(i).getTextContent()).toList();
        assertTrue(words.containsAll(List.of("a <small> graph", "a.first", "a.second", "b", "x", "s")), words.toString());
        String dot = graph.text(ModelGraph.Form.DOT);
        assertTrue(dot.contains("\"a.first/reshape\" -> \"a.second/linear\""), dot);
        assertTrue(dot.contains("subgraph \"cluster_a.first\""), dot);
        assertEquals(dot.chars().filter(c -> c == '{').count(), dot.chars().filter(c -> c == '}').count());
        String html = graph.text(ModelGraph.Form.HTML);
        assertTrue(html.contains("a &lt;small&gt; graph") && html.contains("<a href=\"#op1\">q</a>"), html);
        assertFalse(html.replace("http://www.w3.org/2000/svg", "").matches("(?s).*(https?:|src=|url\\([^#]).*"), "asks nobody");
    }

    @Test
    void theFilesNameSaysTheForm() {
        assertEquals(ModelGraph.Form.SVG, ModelGraph.Form.of(Path.of("A.SVG")));
        assertEquals(HierVlException.Kind.USAGE,
            assertThrows(HierVlException.class, () -> ModelGraph.Form.of(Path.of("graph.png"))).kind());
    }

    @Test
    void amountsHaveThreeDigits() {
        assertEquals(List.of("0", "999", "1.00 k", "12.3 k", "1.00 M", "4.56 G"),
            IntStream.range(0, 6).mapToObj(i -> Amount.of(new double[] {0, 999, 1000, 12_345, 999_999, 4.56e9}[i])).toList());
        assertEquals("5 B", Amount.of(5, "B"));
        assertEquals("1.50 MB", Amount.of(1.5e6, "B"));
    }
}
