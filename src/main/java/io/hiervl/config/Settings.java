package io.hiervl.config;

import io.hiervl.HierVlException;
import java.lang.annotation.Annotation;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All settings for people: key, default, meaning and values. Defaults and meanings are those that {@code recipes/default.yaml} gives,
 * values follow from the types and the annotations of the records.
 */
public final class Settings {
    private static final Pattern LINE = Pattern.compile("^( *)(\\w+):\\s*(.*?)\\s*(?:#\\s*(.*))?$");

    private Settings() {
    }

    /**
     * One setting.
     *
     * @param key      with its section, as {@code --set} takes it
     * @param standard the default, as YAML
     * @param meaning  a few words; the values of texts among them
     * @param values   what is allowed
     */
    public record Setting(String key, String standard, String meaning, String values) {
    }

    /** All settings in the order of the default recipe. */
    public static List<Setting> all() {
        Map<String, RecordComponent> components = new LinkedHashMap<>();
        collect(Recipe.class, components);
        Map<String, String[]> written = written();
        List<Setting> all = new ArrayList<>();
        components.forEach((key, component) -> {
            String[] line = written.get(key);
            if (line != null) {
                all.add(new Setting(key, line[0], line[1], values(component)));
            }
        });
        return all;
    }

    /**
     * The settings that a user asks for.
     *
     * @param key a key, or the name of a section
     * @throws HierVlException usage error with near keys if there is none
     */
    public static List<Setting> find(String key) {
        List<Setting> found =
            all().stream().filter(s -> s.key.equals(key) || s.key.startsWith(key + ".") || s.key.endsWith("." + key)).toList();
        if (found.isEmpty()) {
            throw HierVlException.usage("no setting '" + key + "'" + NearMatches.hint(key, keys()));
        }
        return found;
    }

    /** All keys. */
    public static List<String> keys() {
        return all().stream().map(Setting::key).toList();
    }

    private static void collect(Class<?> type, Map<String, RecordComponent> all) {
        for (RecordComponent c : type.getRecordComponents()) {
            if (c.getType().isRecord() && !c.getType().equals(Published.class)) {
                collect(c.getType(), all);
            } else {
                all.put(Keys.path(c), c);
            }
        }
    }

    /** Default and comment of every line of the default recipe. */
    private static Map<String, String[]> written() {
        Map<String, String[]> lines = new LinkedHashMap<>();
        String section = "";
        for (String text : Recipes.resourceText("default").lines().toList()) {
            Matcher line = LINE.matcher(text);
            if (!line.matches() || text.startsWith("#")) {
                continue;
            }
            if (line.group(1).isEmpty()) {
                section = line.group(3).isEmpty() ? line.group(2) + "." : "";
            }
            if (!line.group(3).isEmpty()) {
                lines.put(section + line.group(2), new String[] {line.group(3), line.group(4) == null ? "" : line.group(4)});
            }
        }
        return lines;
    }

    private static String values(RecordComponent component) {
        Class<?> type = component.getType();
        String kind = type.isEnum() ? String.join(" | ", Arrays.stream(type.getEnumConstants()).map(RecordBinder::option).toList())
            : type == boolean.class || type == Boolean.class ? "true | false"
                : component.getGenericType() instanceof ParameterizedType ? "a list such as [1, 2]"
                    : type == String.class ? "a text"
                        : type == int.class || type == Integer.class || type == long.class ? "a whole number" : "a number";
        StringBuilder text = new StringBuilder(kind);
        for (Annotation rule : component.getAnnotations()) {
            text.append(rule(rule));
        }
        return text.toString();
    }

    private static String rule(Annotation rule) {
        if (rule instanceof Weight) {
            return ", not negative";
        }
        if (rule instanceof Positive) {
            return " above 0";
        }
        if (rule instanceof AtLeast least) {
            return ", at least " + least.value();
        }
        if (rule instanceof Range range) {
            return " between " + plain(range.least()) + " and " + plain(range.most());
        }
        if (rule instanceof OneOf one) {
            return ": " + String.join(" or ", Arrays.stream(one.value()).mapToObj(String::valueOf).toList());
        }
        if (rule instanceof NotBelow bound) {
            return ", not below " + Keys.snake(bound.value()) + (Double.isInfinite(bound.most()) ? "" : ", at most " + plain(bound.most()));
        }
        return rule instanceof Nullable ? ", or null" : "";
    }

    private static String plain(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
}
