package io.hiervl.model;

import io.hiervl.HierVlException;
import io.hiervl.backend.Backend;
import io.hiervl.backend.choice.Backends;
import io.hiervl.config.ModelConfig;
import io.hiervl.graph.Compute;
import io.hiervl.op.SameDiffOps;
import io.hiervl.tensor.Precision;

/** What {@code model.precision} and {@code model.recompute} mean on this machine. */
public final class ComputeSettings {
    private ComputeSettings() {
    }

    /**
     * BF16 and AUTO are bfloat16 and TF32 is TF32 where the device multiplies it, else 32 bits: a model that was trained in bfloat16
     * predicts on every machine.
     */
    public static Compute of(ModelConfig config, Backend backend) {
        Precision wanted = switch (config.compute().precision()) {
            case FP32 -> Precision.FP32;
            case TF32 -> Precision.TF32;
            case BF16, AUTO -> Precision.BF16;
        };
        return new Compute(backend, gains(backend, wanted) ? wanted : Precision.FP32, config.compute().recompute());
    }

    private static boolean gains(Backend backend, Precision products) {
        SameDiffOps.start();
        return backend.gainsFrom(products);
    }

    /**
     * For whoever asked for an arithmetic and not for its result.
     *
     * @throws HierVlException of kind ENVIRONMENT if BF16 or TF32 is demanded where no kernel multiplies it
     */
    public static void requireAvailable(ModelConfig.Precision setting, Backend backend) {
        if (setting == ModelConfig.Precision.BF16 && !gains(backend, Precision.BF16)) {
            throw HierVlException.environment("precision bf16 needs oneDNN's kernels and a CPU with AVX512-BF16 or AMX; found "
                + Backends.describe() + "; take auto or fp32");
        }
        if (setting == ModelConfig.Precision.TF32 && !gains(backend, Precision.TF32)) {
            throw HierVlException.environment("precision tf32 needs an NVIDIA GPU; networks run on " + backend.name()
                + "; add --device cuda:0, or take auto or fp32");
        }
    }
}
