package io.hiervl;

import io.hiervl.data.GoldenCutMix;
import io.hiervl.loss.GoldenLosses;
import io.hiervl.model.GoldenModules;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What only HierVL has: its modules, losses, targets and weights, in the recommended and the literal reading (topic hiervl). */
class GoldenHierVlTest {
    @TestFactory
    List<DynamicTest> golden() {
        return GoldenModules.suite().with(GoldenLosses.suite()).with(GoldenCutMix.suite()).tests();
    }
}
