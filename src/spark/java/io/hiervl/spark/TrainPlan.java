package io.hiervl.spark;

import java.io.Serializable;

/**
 * What the parts of a training run must know.
 *
 * @param recipe     resolved settings as YAML
 * @param name       of the recipe
 * @param labelled   list of labelled images, see {@link DataFolder#relative}
 * @param unlabelled the same of unlabelled images; null for supervised training
 * @param backbone   image tower beside the CLIP; null for CLIP's own
 * @param home       the program's folder
 * @param device     where networks run
 * @param run        run folder
 */
record TrainPlan(String recipe, String name, DataFolder data, String labelled, String unlabelled, DataFolder clip, DataFolder backbone,
    String home, String device, RunFiles run) implements Serializable {
}
