package io.hiervl.loss;

/** What a step looks at, one pass of a network each. */
public enum View {
    /** Labelled images. */
    LABELLED("", LabelledScene.class),
    /** First strong view of unlabelled images. */
    S1("_s1", UnlabelledScene.class),
    /** Second strong view. */
    S2("_s2", UnlabelledScene.class),
    /** Weak view with channel dropout. */
    FP("_fp", UnlabelledScene.class),
    /** Labelled images with one class erased. */
    MASKED("", MaskedScene.class),
    /** The learnable prompt alone. */
    PROMPTS("", PromptScene.class);

    private final String suffix;
    private final Class<? extends Scene<?>> scene;

    View(String suffix, Class<? extends Scene<?>> scene) {
        this.suffix = suffix;
        this.scene = scene;
    }

    /** How logs call a term on this view. */
    public String name(String term) {
        return term + suffix;
    }

    /** What the view's network offers to terms. */
    public Class<? extends Scene<?>> scene() {
        return scene;
    }

    /** Whether the view is one of the two strong ones. */
    public boolean strong() {
        return this == S1 || this == S2;
    }
}
