package io.hiervl.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.hiervl.backbone.Backbone;
import io.hiervl.backbone.Backbones;
import io.hiervl.clip.ClipArchitecture;
import io.hiervl.image.ClipNormalize;
import org.junit.jupiter.api.Test;

/** How steps are divided between a tower that runs and one whose outputs are read. */
class TowerPlanTest {
    private static final long GIB = 1L << 30;
    private static final Backbone B16 =
        Backbones.ofClip(ClipArchitecture.of(768, 12, 12, 16, 224, 512, 12, 8, 77, 49408, 512), ClipNormalize.openai());

    @Test
    void theDiskBoundsTheCycle() {
        TowerPlan plan = TowerPlan.of(100 * GIB, B16, 512, 1, 1);
        // 1024 patches of 768 channels in 4 taps of 2 bytes, for a labelled photo and three views of an unlabelled one
        assertEquals(4L * 1024 * 768 * 4 * 2, plan.perStep());
        assertEquals(8, plan.gib());
        assertEquals(341, plan.fitting());
        assertEquals(1, TowerPlan.of(2 * GIB, B16, 512, 1, 1).gib(), "half of what is free");
        assertNull(TowerPlan.of(GIB / 10, B16, 512, 1, 1), "no room");
    }

    @Test
    void twoFifthsOfTheTimeGoToTheFirstCycle() {
        TowerPlan plan = TowerPlan.of(100 * GIB, B16, 256, 1, 1);
        assertArrayEquals(new int[] {40, 40 + 600}, plan.steps(10, 1, 1000));
        TowerPlan small = new TowerPlan(0.1, GIB / 100);
        assertArrayEquals(new int[] {10, 10 + 900}, small.steps(10, 1, 1000), "the disk is full after 10 steps");
        assertArrayEquals(new int[] {1, 1}, plan.steps(10, 1, 5), "a step that takes longer than there is time");
        assertTrue(plan.cycle(100) == 40 && small.cycle(100) == 10 && plan.cycle(1) == 1);
    }
}
