package io.hiervl.backend.cuda;

import io.hiervl.tensor.ElementType;
import java.util.Set;
import java.util.TreeSet;

/** The ops that the device computes. All others are computed on the host; 64-bit floats always are. */
final class SupportedOps {
    private static final Set<String> FORWARD_AND_BACKWARD =
        Set.of("hiervl_linear", "hiervl_bmm", "hiervl_attention", "hiervl_packed_attention",
            "hiervl_conv2d", "hiervl_upconv2x2", "hiervl_layer_norm", "hiervl_group_norm", "hiervl_activation", "hiervl_softmax",
            "hiervl_l2_normalize", "hiervl_log", "hiervl_maxpool2x2", "hiervl_resize", "hiervl_mul", "hiervl_broadcast", "hiervl_slice",
            "hiervl_weighted_sum", "hiervl_deformable_attention", "hiervl_set_loss", "hiervl_pixel_cross_entropy", "hiervl_pixel_entropy",
            "hiervl_gate_bce", "hiervl_query_text", "hiervl_prompt_anchor", "hiervl_prompt_topology", "hiervl_masked_patches");
    private static final Set<String> OTHERS =
        Set.of("hiervl_add", "hiervl_scale", "hiervl_reshape", "hiervl_rename", "hiervl_stop_gradient",
            "hiervl_zeros", "hiervl_concat", "hiervl_slice_addition", "hiervl_permute", "hiervl_sum", "hiervl_given_gradient",
            "hiervl_attention_mask", "hiervl_confident_rows");
    private static final String BACKWARD = "_bp";

    private SupportedOps() {
    }

    static boolean contains(String op, ElementType type) {
        boolean backward = op.endsWith(BACKWARD);
        String forward = backward ? op.substring(0, op.length() - BACKWARD.length()) : op;
        return type != ElementType.DOUBLE && (FORWARD_AND_BACKWARD.contains(forward) || !backward && OTHERS.contains(op));
    }

    /** Whether the kernel of an op can add a result to what is there: gradients of x and w, see its list of results. */
    static boolean adds(String op, int output) {
        return switch (op) {
            case "hiervl_linear_bp" -> output < 2;
            case "hiervl_conv2d_bp" -> output == 1;
            case "hiervl_layer_norm_bp" -> output == 0;
            default -> false;
        };
    }

    /** Whether an op is one of the table. */
    static boolean names(String op) {
        return contains(op, ElementType.FLOAT);
    }

    /** All names, with those of gradients. */
    static Set<String> all() {
        Set<String> all = new TreeSet<>(OTHERS);
        FORWARD_AND_BACKWARD.forEach(op -> all.addAll(Set.of(op, op + BACKWARD)));
        return all;
    }

    /** Says that an op is not one of the table. */
    static IllegalStateException onHost(String op) {
        return new IllegalStateException(op + " has no kernel of the GPU; it is computed on the host");
    }
}
