package io.hiervl.structure;

import io.hiervl.AtomicFile;
import io.hiervl.HierVlException;
import io.hiervl.PublicApi;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A network's graph: operations in the order in which they run, with shapes, and by modules. {@link Block} has the modules; {@link #write}
 * makes a page, a picture or a file for Graphviz. Immutable: any thread may use it.
 *
 * @param title      what the graph is, for headings
 * @param inputs     what is given to it
 * @param operations each after those that it reads from
 * @param outputs    names of the results that it is there for
 */
@PublicApi
public record ModelGraph(String title, List<Value> inputs, List<Operation> operations, List<String> outputs) {
    /** Forms of {@link #write}, by the end of the file's name. */
    public enum Form {
        /** A page with modules that open and close; it needs no network. */
        HTML,
        /** A picture of the modules. */
        SVG,
        /** All operations, modules as clusters, for Graphviz. */
        DOT;

        /**
         * The form that a file's name asks for.
         *
         * @throws HierVlException usage error (exit 2) if there is none
         */
        public static Form of(Path file) {
            String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
            return Arrays.stream(values()).filter(f -> name.endsWith("." + f.name().toLowerCase(Locale.ROOT))).findFirst()
                .orElseThrow(() -> HierVlException.usage("the graph's file is called " + file.getFileName()
                    + "; its name must end with .html, .svg or .dot"));
        }
    }

    public ModelGraph {
        inputs = List.copyOf(inputs);
        operations = List.copyOf(operations);
        outputs = List.copyOf(outputs);
    }

    /** The modules, from the root. */
    public Block root() {
        return Blocks.of(this);
    }

    /** The arrays that the graph stores and reads, each once, in the order in which they are read. */
    public List<Value> parameters() {
        Map<String, Value> all = new LinkedHashMap<>();
        operations.forEach(op -> op.parameters().forEach(p -> all.putIfAbsent(p.name(), p)));
        return List.copyOf(all.values());
    }

    /** How often each kind of operation occurs. */
    public Map<String, Long> kinds() {
        return operations.stream().collect(Collectors.groupingBy(Operation::kind, java.util.TreeMap::new, Collectors.counting()));
    }

    /** The graph as text of a form. */
    public String text(Form form) {
        return switch (form) {
            case HTML -> new GraphPage(this).text();
            case SVG -> new GraphPicture(this).text();
            case DOT -> new DotFile(this).text();
        };
    }

    /**
     * Writes the graph in the form that the file's name asks for: {@code .html}, {@code .svg} or {@code .dot}.
     *
     * @throws HierVlException usage error (exit 2) for another name, environment error (exit 6) if the file cannot be written
     */
    public void write(Path file) {
        AtomicFile.write(AtomicFile.named(file), text(Form.of(file)));
    }
}
