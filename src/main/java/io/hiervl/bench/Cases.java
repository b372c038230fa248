package io.hiervl.bench;

import io.hiervl.HierVlException;
import io.hiervl.op.SameDiffOps;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The cases by name. Beside the listed ones there are steps of any size: {@code step vit-b16-384 1+1},
 * {@code step vit-b16-512 2+2 81 classes}.
 */
public final class Cases {
    /** All kernels by themselves, or with a word behind it those whose names contain the word; only measured when asked for. */
    static final String OPERATIONS = "ops";
    private static final String BACKWARD = " fwd+bwd";
    private static final String STEP = "step vit-b16-512 1+1";
    private static final String TINY_STEP = "step tiny 8+8";
    private static final List<String> VIT = List.of("vision 224 fwd", "vision 512 fwd", "vision 224 fwd+bwd", "vision 512 fwd+bwd",
        "msdeform 5376 tokens fwd", "msdeform 5376 tokens fwd+bwd", "pixel decoder fwd", "pixel decoder fwd+bwd", "transformer decoder fwd",
        "transformer decoder fwd+bwd", "inference 512", STEP);
    private static final List<String> TINY = List.of("inference tiny", TINY_STEP);
    private static final Pattern ANY_STEP =
        Pattern.compile("step (vit-b16-(\\d{2,4})|tiny) (\\d{1,3})\\+(\\d{1,3})(?: (\\d{1,4}) classes)?( recompute)?");

    private Cases() {
    }

    /** Names of the cases of the small network, of the large one, or of both. */
    public static List<String> names(boolean tiny, boolean vit) {
        return java.util.stream.Stream
            .concat(vit ? VIT.stream() : List.<String>of().stream(), tiny ? TINY.stream() : List.<String>of().stream()).toList();
    }

    /** Whether there is such a case. */
    public static boolean exists(String name) {
        return isOperations(name) && !operations(name).isEmpty() || VIT.contains(name) || TINY.contains(name)
            || ANY_STEP.matcher(name).matches();
    }

    /** Whether this is the case of the kernels. */
    static boolean isOperations(String name) {
        return name.equals(OPERATIONS) || name.startsWith(OPERATIONS + " ");
    }

    /** The kernels of a case {@code ops} or {@code ops WORD}. */
    static List<String> operations(String name) {
        String word = name.substring(OPERATIONS.length()).strip();
        return Operations.names().stream().filter(n -> n.contains(word)).toList();
    }

    /** Whether a call takes seconds rather than milliseconds. */
    static boolean isLong(String name) {
        return name.startsWith("step vit");
    }

    /** Prepares a case; every call of the result does the work once. */
    static Runnable prepare(String name, String precision) {
        SameDiffOps.start();
        boolean backward = name.endsWith(BACKWARD);
        String part = backward ? name.substring(0, name.length() - BACKWARD.length())
            : name.endsWith(" fwd") ? name.substring(0, name.length() - 4) : name;
        Setup big = Setup.vitB16(512, Setup.VOC_CLASSES, 1, precision);
        return switch (part) {
            case "vision 224" -> new Modules(Setup.vitB16(224, Setup.VOC_CLASSES, 1, precision)).vision(backward);
            case "vision 512" -> new Modules(big).vision(backward);
            case "msdeform 5376 tokens" -> new Modules(big).deformableAttention(backward);
            case "pixel decoder" -> new Modules(big).pixelDecoder(backward);
            case "transformer decoder" -> new Modules(big).queryDecoder(backward);
            case "inference 512" -> new Whole(big).inference();
            case "inference tiny" -> new Whole(Setup.tiny(1, precision)).inference();
            default -> step(name, precision);
        };
    }

    @SuppressWarnings("ReturnValueIgnored") // only the time counts
    private static Runnable step(String name, String precision) {
        Matcher m = ANY_STEP.matcher(name);
        if (!m.matches()) {
            throw HierVlException.usage("no case '" + name + "'; there are: " + String.join(", ", names(true, true)));
        }
        int labelled = Integer.parseInt(m.group(3));
        int unlabelled = Integer.parseInt(m.group(4));
        int batch = Math.max(labelled, unlabelled);
        if (m.group(1).equals("tiny")) {
            return new Whole(Setup.tiny(batch, precision)).step(labelled, unlabelled)::get;
        }
        String recompute = "model.recompute=" + (m.group(6) != null);
        int classes = m.group(5) == null ? Setup.VOC_CLASSES : Integer.parseInt(m.group(5));
        return new Whole(Setup.vitB16(Integer.parseInt(m.group(2)), classes, batch, precision, recompute)).step(labelled, unlabelled)::get;
    }
}
