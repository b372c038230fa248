package io.hiervl.train;

import io.hiervl.GoldenFixtures;

/** The same on the fixtures of this repository. */
class GoldenEndToEndCommittedTest extends GoldenEndToEndTest {
    @Override
    GoldenFixtures.Source source() {
        return GoldenFixtures.Source.COMMITTED;
    }
}
