package io.hiervl.notebooks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.RenderedImage;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import jdk.jshell.EvalException;
import jdk.jshell.ExpressionSnippet;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;
import jdk.jshell.VarSnippet;
import jdk.jshell.execution.LocalExecutionControlProvider;

/**
 * Runs a Java notebook in this JVM with JShell, without Jupyter. A cell fails the run when it throws, when it does not
 * compile, or when it is not in the portable form (see {@link PortableForm}).
 */
public final class NotebookRunner implements AutoCloseable {
    /** The last expression's value: the snippet hands it over here, since the shell runs in this JVM. */
    public static volatile Object last;

    private final ObjectMapper json = new ObjectMapper();
    private final Path folder;
    private final JShell shell;
    private int count;

    /** @param folder the notebook's folder, which relative paths in it start from */
    NotebookRunner(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
        shell = JShell.builder().executionEngine(new LocalExecutionControlProvider(), Map.of()).build();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            shell.addToClasspath(entry);
        }
    }

    /** Executes every code cell and returns the notebook with its outputs. */
    JsonNode run(JsonNode notebook) {
        ObjectNode result = notebook.deepCopy();
        PrintStream before = System.out;
        for (JsonNode node : result.get("cells")) {
            if (!node.path("cell_type").asText().equals("code")) {
                continue;
            }
            ObjectNode cell = (ObjectNode) node;
            String source = source(cell.get("source"));
            cell.put("execution_count", ++count);
            ArrayNode outputs = cell.putArray("outputs");
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            Object value;
            try (PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
                System.setOut(capture);
                value = evaluate(source);
            } finally {
                System.setOut(before);
            }
            if (printed.size() > 0) {
                outputs.add(json.createObjectNode().put("output_type", "stream").put("name", "stdout")
                    .put("text", printed.toString(StandardCharsets.UTF_8)));
            }
            if (value != null) {
                outputs.add(display(value));
            }
        }
        return result;
    }

    private static String source(JsonNode source) {
        return source.isTextual() ? source.asText()
            : StreamSupport.stream(source.spliterator(), false).map(JsonNode::asText).collect(Collectors.joining());
    }

    private Object evaluate(String source) {
        PortableForm.check(source, where());
        String rest = source.lines().filter(line -> !line.startsWith("%")).collect(Collectors.joining("\n"));
        source.lines().filter(line -> line.startsWith("%")).forEach(this::classpath);
        Object value = null;
        SourceCodeAnalysis analysis = shell.sourceCodeAnalysis();
        while (!rest.isBlank()) {
            SourceCodeAnalysis.CompletionInfo part = analysis.analyzeCompletion(rest);
            if (!part.completeness().isComplete()) {
                throw new AssertionError(where() + "incomplete: " + rest);
            }
            boolean shown = part.remaining().isBlank() && !rest.strip().endsWith(";");
            value = null;
            for (SnippetEvent event : shell.eval(part.source())) {
                refuse(event);
                String name = shown && event.causeSnippet() == null && event.value() != null ? variable(event.snippet()) : null;
                if (name != null) {
                    last = null;
                    shell.eval(NotebookRunner.class.getName() + ".last = " + name + ";");
                    value = last;
                }
            }
            rest = part.remaining();
        }
        return value;
    }

    private void refuse(SnippetEvent event) {
        String code = " in: " + event.snippet().source().strip();
        if (event.exception() != null) {
            String what = event.exception() instanceof EvalException thrown
                ? thrown.getExceptionClassName() + ": " + thrown.getMessage() : event.exception().toString();
            throw new AssertionError(where() + what + code, event.exception());
        }
        if (event.status() != Snippet.Status.VALID && event.status() != Snippet.Status.OVERWRITTEN
            && event.status() != Snippet.Status.DROPPED) {
            throw new AssertionError(where() + shell.diagnostics(event.snippet()).map(d -> d.getMessage(Locale.ENGLISH))
                .collect(Collectors.joining("; ")) + " (" + event.status() + ")" + code);
        }
    }

    /** JShell keeps a bare expression in a temporary variable unless it is a variable or an assignment itself. */
    private static String variable(Snippet snippet) {
        if (snippet instanceof ExpressionSnippet expression) {
            return expression.name();
        }
        return snippet.subKind() == Snippet.SubKind.TEMP_VAR_EXPRESSION_SUBKIND ? ((VarSnippet) snippet).name() : null;
    }

    /** The jars below target exist only after packaging; during tests the same classes are on the classpath already. */
    private void classpath(String line) {
        Path jar = folder.resolve(line.substring(PortableForm.CLASSPATH.length()).strip()).normalize();
        if (!jar.startsWith(folder.resolve("../target").normalize())) {
            throw new AssertionError(where() + "not below target: " + line);
        }
    }

    private ObjectNode display(Object value) {
        ObjectNode output = json.createObjectNode().put("output_type", "execute_result").put("execution_count", count);
        output.putObject("metadata");
        boolean picture = value instanceof RenderedImage;
        output.putObject("data").put(picture ? "image/png" : "text/plain", picture ? png((RenderedImage) value) : String.valueOf(value));
        return output;
    }

    private static String png(RenderedImage image) {
        try (ByteArrayOutputStream out = new ByteArrayOutputStream()) {
            ImageIO.write(image, "png", out);
            return Base64.getEncoder().encodeToString(out.toByteArray());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private String where() {
        return "cell " + count + ": ";
    }

    @Override
    public void close() {
        shell.close();
    }
}
