package io.hiervl.model;

import io.hiervl.HierVlException;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Compute;
import io.hiervl.op.Backend;
import io.hiervl.op.kernel.KernelChoice;
import io.hiervl.op.kernel.Precision;

/** What {@code model.precision} and {@code model.recompute} mean on this machine. */
public final class ComputeSettings {
    private ComputeSettings() {
    }

    /** @throws HierVlException of kind ENVIRONMENT if bfloat16 is demanded where no kernel multiplies it */
    public static Compute of(ModelConfig config) {
        return new Compute(products(config.precision()), config.recompute());
    }

    /** AUTO is bfloat16 where the CPU multiplies it, else 32 bits. */
    public static Precision products(ModelConfig.Precision setting) {
        if (setting == ModelConfig.Precision.FP32) {
            return Precision.FP32;
        }
        Backend.start();
        boolean fast = KernelChoice.fastBf16();
        if (setting == ModelConfig.Precision.BF16 && !fast) {
            throw HierVlException.environment("model.precision is bf16, which needs oneDNN's kernels and a CPU with AVX512-BF16 or AMX; found "
                + KernelChoice.describe() + ". Take auto or fp32");
        }
        return fast ? Precision.BF16 : Precision.FP32;
    }
}
