package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Hosts of this version and of the one before there was one journal, in one group and on one disk after the other. */
class VersionsIT {

    /** The last commit whose hosts had a spool, and compared numbers. */
    private static final String BEFORE = "0fd387d";

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    private static Distribution older;

    @BeforeAll
    static void compileTheOlderOne() throws Exception {
        Optional<Distribution> made = OlderDistribution.of(BEFORE, FLEETS.directory("older"));
        assumeTrue(made.isPresent(), "Commit " + BEFORE + " is not in this clone; fetch it to roll between versions");
        older = made.get();
    }

    @Test
    void aGroupRollsToThisVersionAndBackAndLosesNothing() throws Exception {
        Fleet fleet = FLEETS.over(Store.POSTGRESQL);
        Member a = fleet.member("A");
        Member b = fleet.member("B");
        Member olderA = a.by(older);
        Member olderB = b.by(older);
        olderA.start();
        olderA.register("first");
        olderB.start();
        assertThat(olderB.models()).containsExactly("first");

        // Up: B, then A.
        olderB.stop();
        b.start();
        assertThat(b.models()).containsExactly("first");
        assertThat(b.mode()).isEqualTo("ATTACHED");
        b.register("second");
        olderA.stop();
        a.start();
        a.awaitMode("ATTACHED");
        a.awaitReady();
        assertThat(a.models()).containsExactly("first", "second");
        a.register("third");
        assertThat(fleet.group().newestModels()).contains(Set.of("first", "second", "third"));

        // And down: B, then A.
        b.stop();
        olderB.start();
        assertThat(olderB.models()).containsExactly("first", "second", "third");
        a.stop();
        olderA.start();
        assertThat(olderA.models()).containsExactly("first", "second", "third");
        assertThat(fleet.group().newestModels()).contains(Set.of("first", "second", "third"));
    }

    @Test
    void whatAnOlderHostCouldNotSendIsTakenOverAndSent() throws Exception {
        Fleet fleet = FLEETS.over(Store.SQLITE);
        Member a = fleet.member("A");
        Member olderA = a.by(older);
        olderA.start();
        olderA.register("first");
        a.way().cut();
        olderA.register("second");
        olderA.kill();

        a.start();
        assertThat(a.models()).containsExactly("first", "second");
        a.register("third");
        a.killAndStart();
        assertThat(a.models()).containsExactly("first", "second", "third");
        a.way().mend();

        a.awaitMode("ATTACHED");
        assertThat(fleet.group().newestModels()).contains(Set.of("first", "second", "third"));
    }

    @Test
    void anOlderHostDoesNotPassSilentlyOverWhatThisVersionCouldNotSend() throws Exception {
        Fleet fleet = FLEETS.over(Store.SQLITE);
        Member a = fleet.member("A");
        a.start();
        a.register("first");
        a.way().cut();
        a.register("second");
        a.kill();
        a.way().mend();

        Member olderA = a.by(older);
        olderA.start();

        if (!olderA.models().contains("second")) {
            assertThat(olderA.mode()).isEqualTo("DETACHED");
            assertThat(olderA.status().required("notices")).isNotEmpty();
        }
        olderA.kill();
        a.start();
        assertThat(a.models()).containsExactly("first", "second");
    }
}
