package io.hiervl.model;

import io.hiervl.GoldenFixtures;

/** The same on the fixtures of this repository. */
class GoldenEndToEndStockCommittedTest extends GoldenEndToEndStockTest {
    @Override
    GoldenFixtures.Source source() {
        return GoldenFixtures.Source.COMMITTED;
    }
}
