package io.hiervl;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Settings of the fixtures that no test computes with. Some only describe ({@code key}); others name the one reading that the
 * program has ({@code key=value}, several as {@code key=one|other}), and another value fails. What is neither read nor listed
 * here fails.
 */
final class GoldenSettings {
    private static final String TABLE = """
        clip/clip_block: norm=pre
        clip/clip_text: causal=true; pool; sot; eot
        clip/clip_text_prompt: causal=true; prompt_inserted; sot; eot
        clip/clip_vision: dense_last; dense_value; tap
        clip/pos_resize: from; mode=bicubic, a = -0.75, align_corners False, no antialias; rows
        end_to_end/gradients: frozen; of
        end_to_end/parameters: batch_labelled; batch_unlabelled; entropy_ramp; eot; \
        fraction_of_valid_pixels_above_threshold; guidance_weight_lam; \
        heads_note; layer_norm_eps=1.0E-5; parameters_without_gradient; s_eps=1.0E-6; safety_margins; sot; thresholds_note
        hiervl/anchor_loss: formula
        hiervl/cmsam: d; eps=1.0E-5; formula
        hiervl/cutmix: boxes; pad_value; partner
        hiervl/fixed_matching: components; rule
        hiervl/gate_bce: rule
        hiervl/guidance: denominator=all pixels; ignore=255
        hiervl/guidance_labels: order
        hiervl/hsqg: key_bias; mode=gt|mix|pred; order
        hiervl/interleaved_layer: L; weights
        hiervl/masked_losses: mean
        hiervl/masked_patches: rule
        hiervl/no_object_false: rule
        hiervl/pixelavg: rule
        hiervl/pyramid: activation=gelu (erf); front_norm=GroupNorm(1); ops
        hiervl/qt_loss: rule
        hiervl/query_decoder: K; M; min_abs_resized_logit; query_order
        hiervl/score_logits: eps=1.0E-6; order
        hiervl/self_training: denominator=valid pixels of the batch
        hiervl/set_loss: all_ignored_image; gap_at_topk_boundary; invalid; slot_target; text_target
        hiervl/total_weights_options: deep_sup; options
        image/decode: mask_mode=P|L
        image/gaussian_blur: rule
        image/geometry_chain: long_side; other_side; pad_fill={"image":0,"mask":254}; pad_right_bottom_to
        image/grayscale: rule
        image/jitter_hue: rule
        image/resize_pil: a=-0.5; antialias; rule
        mask2former/masked_decoder: ffn; level_of_layer=i mod 3; mask_rule; min_abs_resized_logit; rows_reset; width
        mask2former/masked_decoder_layer: blocked_layout; ffn; order
        mask2former/msda_core: heads; levels; points
        mask2former/msda_module: levels; location; offset_layout; query; value
        mask2former/pixel_decoder: ffn; inputs; level_order=s32, s16, s8; width
        mask2former/pixel_encoder_layer: activation=relu; ffn; norm=post
        mask2former/point_sample: points
        mask2former/semantic_inference: rule; size
        mask2former/set_loss_points: gap_at_topk_boundary; order; weights_applied
        mask2former/sine_position: normalize=last index + 1e-6; order; scale=2*pi; temperature=10000
        metrics/segmentation_metrics: absent_classes; images
        optim/adamw_trajectory: clip_rule; loss=mean((tanh(x w1 + b1) w2 + b2 - y)^2); schedule
        sliding/sliding_window: model; padding
        sliding/window_grid: stride=crop//2
        torch_ops/conv2d: bias; kernel; weight_layout=out,in,kh,kw
        torch_ops/conv_transpose2d: kernel=2; stride=2; weight_layout=in,out,kh,kw
        torch_ops/cross_entropy: reduction=mean over valid
        torch_ops/cross_entropy_weighted: normalisation
        torch_ops/grid_sample: align_corners=false; grid; mode=bilinear; padding=zeros
        torch_ops/group_norm: layout=NCHW
        torch_ops/max_pool2d: ceil_mode=false; kernel=2; stride=2
        torch_ops/mha: in_proj; layout=batch,tokens,width; mask
        torch_ops/quick_gelu: alpha=1.702
        torch_ops/resize: align_corners=false; antialias=false; bicubic_a=-0.75; layout=NCHW; nearest_rule; scale; size
        """;

    private static final Map<String, Map<String, List<String>>> KNOWN = parse();

    private GoldenSettings() {
    }

    private static Map<String, Map<String, List<String>>> parse() {
        Map<String, Map<String, List<String>>> all = new HashMap<>();
        TABLE.lines().map(String::strip).forEach(line -> {
            int colon = line.indexOf(": ");
            Map<String, List<String>> keys = new HashMap<>();
            for (String entry : line.substring(colon + 2).split("; ")) {
                int equals = entry.indexOf('=');
                keys.put(equals < 0 ? entry : entry.substring(0, equals),
                    equals < 0 ? List.of() : List.of(entry.substring(equals + 1).split("\\|")));
            }
            all.put(line.substring(0, colon), keys);
        });
        return all;
    }

    /** What is wrong with an unread setting, or null. */
    static String complaint(String topic, String op, String key, String value) {
        List<String> allowed = KNOWN.getOrDefault(topic + "/" + op, Map.of()).get(key);
        if (allowed == null) {
            return "setting " + key;
        }
        return allowed.isEmpty() || allowed.contains(value) ? null : "setting " + key + " = " + value + " (known: " + allowed + ")";
    }
}
