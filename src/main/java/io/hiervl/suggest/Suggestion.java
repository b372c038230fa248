package io.hiervl.suggest;

/**
 * A chosen photo.
 *
 * @param index    among the candidates
 * @param score    the weighted sum by which it was chosen
 * @param entropy  share of candidates that the model is less unsure about, 0 to 1; likewise the next two
 * @param distance to the nearest labelled or chosen photo, 0 to 1
 * @param reason   for people
 */
public record Suggestion(int index, double score, double entropy, double disagreement, double rarity, double distance, String reason) {
}
