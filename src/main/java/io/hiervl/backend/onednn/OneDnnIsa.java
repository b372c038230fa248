package io.hiervl.backend.onednn;

import org.bytedeco.dnnl.global.dnnl;

/** The instructions that oneDNN uses on this CPU; {@code ONEDNN_MAX_CPU_ISA} in the environment, such as AVX2, limits them. */
public final class OneDnnIsa {
    private OneDnnIsa() {
    }

    /** Whether the CPU multiplies bfloat16 itself (AVX512-BF16 or AMX). */
    public static boolean bf16() {
        String isa = describe();
        return isa.contains("bf16") || isa.contains("amx");
    }

    /** Its name as oneDNN writes it, such as {@code avx512_core_bf16}, or why there is none. */
    public static String describe() {
        try {
            return dnnl.get_effective_cpu_isa().intern().name();
        } catch (LinkageError e) {
            return "none: oneDNN cannot be loaded";
        }
    }
}
