package io.hiervl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** docs/api.md, the marks {@link PublicApi} and the signatures of the marked types say the same. */
class ApiTest {
    private static final Pattern PACKAGE = Pattern.compile("### `(io\\.hiervl[.a-z0-9]*)`");
    /** A row of the page: type, for handles the members for users, what it is, threads. */
    private static final Pattern ROW = Pattern.compile("\\| `(\\w+)`(?: \\(handle: (.*?)\\))? \\| (.+) \\| (.+) \\|");
    private static JavaClasses classes;
    /** Name of a type on the page to the members it names, none for types that are no handles. */
    private static final Map<String, Set<String>> PAGE = new TreeMap<>();
    private static final Set<String> ND4J = new TreeSet<>();

    @BeforeAll
    static void read() throws IOException {
        classes = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("io.hiervl");
        String room = "";
        for (String line : Files.readAllLines(Path.of("docs", "api.md"))) {
            Matcher heading = PACKAGE.matcher(line);
            Matcher row = ROW.matcher(line);
            if (heading.matches()) {
                room = heading.group(1);
            } else if (row.matches()) {
                PAGE.put(room + "." + row.group(1), row.group(2) == null ? Set.of() : Set.of(row.group(2).replace("`", "").split(", ")));
            } else if (line.startsWith("Types of ND4J in signatures: ")) {
                Matcher names = Pattern.compile("`([\\w.]+)`").matcher(line);
                while (names.find()) {
                    ND4J.add(names.group(1));
                }
            }
        }
    }

    private static List<JavaClass> marked() {
        return classes.stream().filter(c -> c.isAnnotatedWith(PublicApi.class)).toList();
    }

    private static List<String> sorted(Stream<String> names) {
        return names.sorted().toList();
    }

    private static boolean handle(JavaClass c) {
        return Boolean.TRUE.equals(c.getAnnotationOfType(PublicApi.class.getName()).get("handle").orElse(false));
    }

    /** A marked type and the types inside it that users see. */
    private static Stream<JavaClass> withNested(JavaClass outer) {
        return Stream.concat(Stream.of(outer),
            classes.stream().filter(c -> c.getEnclosingClass().isPresent() && c.getEnclosingClass().get().equals(outer)
                && c.getModifiers().contains(JavaModifier.PUBLIC)).flatMap(ApiTest::withNested));
    }

    private static JavaClass outermost(JavaClass c) {
        return c.getEnclosingClass().map(ApiTest::outermost).orElse(c);
    }

    private static boolean visible(JavaMember m) {
        return m.getModifiers().contains(JavaModifier.PUBLIC) || m.getModifiers().contains(JavaModifier.PROTECTED);
    }

    private static boolean allowed(JavaClass type) {
        JavaClass c = type.getBaseComponentType();
        return c.isPrimitive() || c.getName().equals("void") || c.getPackageName().startsWith("java.") || ND4J.contains(c.getName())
            || outermost(c).isAnnotatedWith(PublicApi.class);
    }

    private static void check(JavaMember m, List<String> wrong) {
        List<JavaType> types = new ArrayList<>();
        if (m instanceof JavaCodeUnit code) {
            types.add(code.getReturnType());
            types.addAll(code.getParameterTypes());
            types.addAll(code.getExceptionTypes());
        } else if (m instanceof JavaField field) {
            types.add(field.getType());
        }
        types.stream().flatMap(t -> t.getAllInvolvedRawTypes().stream()).filter(t -> !allowed(t))
            .forEach(t -> wrong.add(m.getFullName() + " mentions " + t.getName()));
    }

    @Test
    void thePageListsTheMarkedTypes() {
        List<String> names = sorted(marked().stream().map(JavaClass::getName));
        assertTrue(names.size() > 30, "types read: " + names);
        assertEquals(names, sorted(PAGE.keySet().stream()));
        marked().forEach(c -> assertTrue(c.getModifiers().contains(JavaModifier.PUBLIC), c + " is not public"));
    }

    @Test
    void thePageSaysWhichAreHandles() {
        assertEquals(sorted(marked().stream().filter(ApiTest::handle).map(JavaClass::getName)),
            sorted(PAGE.keySet().stream().filter(name -> !PAGE.get(name).isEmpty())));
    }

    @Test
    void signaturesMentionTheApiAlone() {
        List<String> wrong = new ArrayList<>();
        marked().stream().filter(c -> !handle(c)).flatMap(ApiTest::withNested).forEach(c -> {
            c.getMembers().stream().filter(ApiTest::visible).forEach(m -> check(m, wrong));
            Stream.concat(c.getSuperclass().stream(), c.getInterfaces().stream()).flatMap(t -> t.getAllInvolvedRawTypes().stream())
                .filter(t -> !allowed(t))
                .forEach(t -> wrong.add(c.getName() + " extends " + t.getName()));
        });
        assertTrue(wrong.isEmpty(), String.join("\n", wrong));
    }

    @Test
    void membersOfHandlesExistAndMentionTheApiAlone() {
        List<String> wrong = new ArrayList<>();
        for (JavaClass c : marked()) {
            for (String name : PAGE.getOrDefault(c.getName(), Set.of())) {
                if (name.equals("no member")) {
                    continue;
                }
                List<JavaMember> members = c.getMembers().stream().filter(ApiTest::visible)
                    .filter(m -> m.getName().equals(name.equals("constructor") ? "<init>" : name)).toList();
                if (members.isEmpty()) {
                    wrong.add(c.getName() + " has no public " + name);
                }
                members.forEach(m -> check(m, wrong));
            }
        }
        assertTrue(wrong.isEmpty(), String.join("\n", wrong));
    }

    @Test
    void everyTypeHasJavadocThatSpeaksOfThreads() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (JavaClass outer : marked()) {
            String source = Files.readString(Path.of("src", "main", "java", outer.getName().replace('.', '/') + ".java"));
            for (JavaClass c : withNested(outer).toList()) {
                String doc = javadoc(source, c.getSimpleName());
                if (doc.isEmpty()) {
                    wrong.add(c.getName() + " has no Javadoc");
                } else if (c == outer && !doc.toLowerCase(Locale.ROOT).contains("thread")) {
                    wrong.add(c.getName() + " does not say which threads may use it");
                }
            }
        }
        assertTrue(wrong.isEmpty(), String.join("\n", wrong));
    }

    /** The comment right before the declaration of a type, annotations between them; empty if there is none. */
    private static String javadoc(String source, String type) {
        Matcher declaration = Pattern.compile("(?m)^[^*\\n]*\\b(?:class|record|interface|enum) " + type + "\\b").matcher(source);
        assertTrue(declaration.find(), type);
        List<String> before = Arrays.asList(source.substring(0, declaration.start()).split("\n"));
        int last = before.size() - 1;
        while (last >= 0 && before.get(last).strip().startsWith("@")) {
            last--;
        }
        if (last < 0 || !before.get(last).strip().endsWith("*/")) {
            return "";
        }
        int first = last;
        while (!before.get(first).contains("/**")) {
            first--;
        }
        return String.join(" ", before.subList(first, last + 1));
    }
}
