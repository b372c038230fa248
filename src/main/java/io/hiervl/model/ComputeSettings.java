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
     * BF16 and AUTO are bfloat16 where the device multiplies it, else 32 bits: a model that was trained in bfloat16 predicts on
     * every machine.
     */
    public static Compute of(ModelConfig config, Backend backend) {
        boolean bf16 = config.compute().precision() != ModelConfig.Precision.FP32 && bf16(backend);
        return new Compute(backend, bf16 ? Precision.BF16 : Precision.FP32, config.compute().recompute());
    }

    private static boolean bf16(Backend backend) {
        SameDiffOps.start();
        return backend.gainsFrom(Precision.BF16);
    }

    /**
     * For whoever asked for an arithmetic and not for its result.
     *
     * @throws HierVlException of kind ENVIRONMENT if BF16 is demanded where no kernel multiplies it
     */
    public static void requireAvailable(ModelConfig.Precision setting, Backend backend) {
        if (setting == ModelConfig.Precision.BF16 && !bf16(backend)) {
            throw HierVlException.environment("precision bf16 needs oneDNN's kernels and a CPU with AVX512-BF16 or AMX; found "
                + Backends.describe() + "; take auto or fp32");
        }
    }
}
