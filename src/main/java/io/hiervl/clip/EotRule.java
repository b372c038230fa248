package io.hiervl.clip;

import io.hiervl.PublicApi;

/**
 * Where the text tower reads its result. Safe for several threads.
 *
 * @param firstOf id whose first occurrence counts; negative: the first occurrence of the highest id (OpenAI's rule,
 *                written in config.json as {@code eos_token_id: 2})
 */
@PublicApi
public record EotRule(int firstOf) {
    public static final EotRule HIGHEST = new EotRule(-1);

    /** @return the position in {@code ids} whose state is projected; 0 if the id does not occur, as ArgMax gives */
    public int position(int[] ids) {
        int best = 0;
        for (int i = 0; i < ids.length; i++) {
            if (firstOf >= 0) {
                if (ids[i] == firstOf) {
                    return i;
                }
            } else if (ids[i] > ids[best]) {
                best = i;
            }
        }
        return best;
    }
}
