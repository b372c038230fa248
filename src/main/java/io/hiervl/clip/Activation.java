package io.hiervl.clip;

import java.util.Locale;

/** Activation of a CLIP tower's MLP. */
public enum Activation {
    /** {@code x * sigmoid(1.702 x)}, OpenAI's checkpoints. */
    QUICK_GELU,
    /** {@code x * Phi(x)} with the error function, LAION's checkpoints. */
    GELU;

    /** @return the name used by config.json ({@code hidden_act}) */
    public String configName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
