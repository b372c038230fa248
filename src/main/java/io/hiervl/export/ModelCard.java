package io.hiervl.export;

import io.hiervl.config.Recipe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The texts beside an exported file in a model folder as the Hugging Face hub lays them out: README.md with YAML in front, config.json,
 * preprocessor_config.json and .gitattributes.
 *
 * @param file    name of the exported file
 * @param format  of the file
 * @param bytes   its size
 * @param sha256  of its content
 * @param meta    what the file says of itself
 * @param recipe  settings that it was trained with
 * @param step    finished steps
 * @param valMiou on the validation list while it trained, in [0,1], null if it was not measured
 * @param metrics document of {@code eval --json}, empty if there is none
 */
public record ModelCard(String file, ExportFormat format, long bytes, String sha256, ExportMeta meta, Recipe recipe, long step,
    Double valMiou,
    Map<?, ?> metrics) {
    /** Name of the card. */
    public static final String README = "README.md";

    /** Content of the files by name. */
    public Map<String, String> files() {
        Map<String, String> files = new LinkedHashMap<>();
        files.put(README, readme());
        files.put("config.json", ExportMeta.json(config()) + "\n");
        files.put("preprocessor_config.json", ExportMeta.json(preprocessor()) + "\n");
        files.put(".gitattributes", "*.sd filter=lfs diff=lfs merge=lfs -text\n*.onnx filter=lfs diff=lfs merge=lfs -text\n");
        return files;
    }

    private Map<String, Object> config() {
        Map<String, Object> idToLabel = new LinkedHashMap<>();
        Map<String, Object> labelToId = new LinkedHashMap<>();
        for (int i = 0; i < meta.classes().size(); i++) {
            idToLabel.put(Integer.toString(i), meta.classes().get(i));
            labelToId.put(meta.classes().get(i), i);
        }
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("model_type", "hiervl");
        config.put("format", format.label());
        config.put("file", file);
        config.put("sha256", sha256);
        config.put("image_size", meta.height());
        config.put("num_labels", meta.classes().size());
        config.put("id2label", idToLabel);
        config.put("label2id", labelToId);
        config.put("palette", meta.colours().colours(meta.classes().size()));
        config.put("windows", meta.attributes());
        return config;
    }

    private Map<String, Object> preprocessor() {
        Map<String, Object> rules = new LinkedHashMap<>();
        // Windows are cut out of the photo; nothing is resized.
        rules.put("do_resize", false);
        rules.put("do_convert_rgb", true);
        rules.put("do_rescale", true);
        rules.put("rescale_factor", 1 / 255.0);
        rules.put("do_normalize", true);
        rules.put("image_mean", meta.mean());
        rules.put("image_std", meta.std());
        rules.put("size", Map.of("height", meta.height(), "width", meta.width()));
        return rules;
    }

    /** Name of the data set, never the folder of a machine. */
    private String data() {
        String dataset = recipe.source().dataset();
        String name = dataset == null ? "own photos" : Path.of(dataset).getFileName().toString();
        return recipe.source().split() == null ? name : name + ", split " + recipe.source().split();
    }

    private Double miou() {
        return metrics.get("miou") instanceof Number n ? Double.valueOf(n.doubleValue()) : valMiou;
    }

    private String readme() {
        List<String> lines = new ArrayList<>();
        front(lines);
        lines.addAll(List.of("# Semantic segmentation: " + String.join(", ", meta.classes()), "",
            "A HierVL network ([arXiv 2506.13925](https://arxiv.org/abs/2506.13925)), trained with HierVL for Java on few labelled photos,"
                + " many unlabelled ones and the names of the classes.",
            "", "| | |", "|---|---|", "| file | `" + file + "`, " + format.label() + String.format(Locale.ROOT, ", %.1f MB |", bytes / 1e6),
            "| SHA-256 | `" + sha256 + "` |", "| input | " + cell(meta.input()) + ", " + meta.height() + " x " + meta.width() + " |",
            "| output | " + cell(meta.output()) + " |", "", "## Data", "Trained on: " + cell(data()) + ".",
            "Recipe `" + recipe.name() + "`, " + step + " steps.", ""));
        measured(lines);
        lines.addAll(
            List.of("", "## Limits", "- It knows these " + meta.classes().size() + " classes. Anything else gets one of their names.",
                "- Photos that differ from those it was trained on in camera, light or scale get worse labels.",
                "- Scores are the softmax of log scores. Whether 0.9 means 90 % was not measured.",
                "- Who may use the weights follows from the licences of the photos and of the CLIP that it was trained with.", "", "## Use",
                "```"));
        if (format == ExportFormat.ONNX) {
            lines.addAll(List
                .of("session = onnxruntime.InferenceSession(\"" + file + "\")        # docs/export.md: windows of large photos", "```"));
        } else {
            lines.addAll(List.of("hiervl predict --model " + file + " photo.jpg --out predictions", "```"));
        }
        lines.addAll(List.of("```java", "try (Segmenter segmenter = Segmenter.load(Path.of(\"" + file + "\"))) {",
            "    LabelMap labels = segmenter.segment(Path.of(\"photo.jpg\"));", "}", "```", ""));
        return String.join("\n", lines);
    }

    private void front(List<String> lines) {
        lines.addAll(List.of("---", "library_name: hiervl", "pipeline_tag: image-segmentation", "tags:", "- semantic-segmentation",
            "- " + (format == ExportFormat.ONNX ? "onnx" : "samediff"), "- arxiv:2506.13925"));
        if (miou() != null) {
            lines.addAll(List.of("model-index:", "- name: " + quoted(file), "  results:", "  - task:", "      type: image-segmentation",
                "    dataset:", "      name: " + quoted(data()), "      type: " + quoted(data()), "    metrics:", "    - type: mean_iou",
                String.format(Locale.ROOT, "      value: %.4f", miou())));
        }
        lines.addAll(List.of("---", ""));
    }

    private void measured(List<String> lines) {
        lines.add("## Measured");
        if (metrics.get("iou") instanceof Map<?, ?> iou) {
            lines.add(String.format(Locale.ROOT, "mIoU %.2f on %s photos, pixel accuracy %s.", 100 * miou(), metrics.get("images"),
                percent(metrics.get("pixel_accuracy"))));
            lines.addAll(List.of("", "| class | IoU |", "|---|---|"));
            for (String name : meta.classes()) {
                lines.add("| " + cell(name) + " | " + percent(iou.get(name)) + " |");
            }
        } else if (valMiou != null) {
            lines.add(String.format(Locale.ROOT,
                "mIoU %.2f on the validation list while it trained; the checkpoint was chosen by it, so it is a little too good.",
                100 * valMiou));
        } else {
            lines.addAll(List.of("Not measured. `hiervl eval --model " + file + " --data DIR --list val.txt --json > eval.json`, then",
                "`hiervl export --card --metrics eval.json` again."));
        }
    }

    private static String percent(Object value) {
        return value instanceof Number n ? String.format(Locale.ROOT, "%.2f", 100 * n.doubleValue()) : "not present";
    }

    /** A text inside a table or a sentence: names of classes come from files. */
    private static String cell(String text) {
        return text.replaceAll("[\\r\\n]+", " ").replace("|", "\\|").replace("<", "&lt;");
    }

    private static String quoted(String text) {
        return "\"" + text.replaceAll("[\\p{Cntrl}]", " ").replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
