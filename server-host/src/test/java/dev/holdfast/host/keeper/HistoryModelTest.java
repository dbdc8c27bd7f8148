package dev.holdfast.host.keeper;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.holdfast.host.keeper.ModelWorld.Violation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/**
 * Random walks of two or three hosts over one store, against a model of what was acknowledged to whom.
 *
 * <pre>
 *   I1  a stored state is its changes applied to its predecessor's
 *   I2  what was acknowledged is in the line that leads to the store's newest, in a journal or in a named side; what was
 *       refused waits nowhere
 *   I3  a host that is attached and not behind after a look serves what the store's newest does
 *   I4  a host that starts serves what it acknowledged
 *   I5  a host that is empty by failure, and acknowledged nothing since, comes back by itself when the store does
 *   I6  a damaged newest snapshot is readable again one look after a host saw it that has its state in memory
 *   I7  a journal does not outgrow its bound
 *   I8  one unreadable file empties no host that has another copy
 *   I9  no host is detached where two states do not differ
 *   I0  nothing fails that nobody foresaw
 * </pre>
 *
 * <p>All of it runs on one thread, and a seed gives one walk. A failure prints the shortest walk that fails alike. More of
 * them: {@code mvn -pl server-host -am test -Dtest=HistoryModelTest -Dsurefire.failIfNoSpecifiedTests=false -Dwalks=1000000},
 * with {@code -Dseed=N} for where they begin.
 */
class HistoryModelTest {

    private static final int WALKS = 1_000;

    private final Logger logger = (Logger) LoggerFactory.getLogger("dev.holdfast.host");
    private Path place;

    @BeforeEach
    void begin() throws IOException {
        logger.setLevel(Level.OFF);
        Path memory = Path.of("/dev/shm");
        place = Files.isWritable(memory)
                ? Files.createTempDirectory(memory, "holdfast-model")
                : Files.createTempDirectory("holdfast-model");
    }

    @AfterEach
    void end() {
        logger.setLevel(null);
        ModelWalk.delete(place);
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.DAYS) // as many walks as somebody asks for
    void whatWasAcknowledgedIsServedWhateverHappens() {
        long first = Long.getLong("seed", 0);
        int walks = Integer.getInteger("walks", WALKS);
        Map<String, Integer> counts = new TreeMap<>();
        List<String> failures = new ArrayList<>();
        for (long seed = first; seed < first + walks && failures.isEmpty(); seed++) {
            ModelWalk walk = new ModelWalk(seed, place);
            Optional<Violation> violation = walk.run();
            if (violation.isPresent()) {
                failures.add(told(walk, seed, violation.get()));
            }
            walk.counts.forEach((what, count) -> counts.merge(what, count, Integer::sum));
        }

        assertThat(failures).as("after %s", counts).isEmpty();
        if (walks < WALKS) {
            // Who repeats a few asks for their own outcome.
            return;
        }
        assertThat(counts).containsKeys("ATTACHED", "DETACHED", "SPOOLING", "acknowledged", "refused", "taught");
    }

    @Test
    void seedGivesTheSameWalkAgain() {
        List<String> once = new ModelWalk(7, place).told();
        List<String> again = new ModelWalk(7, place).told();

        assertThat(again).isEqualTo(once).hasSizeGreaterThan(ModelWalk.LENGTH);
    }

    private static String told(ModelWalk walk, long seed, Violation violation) {
        List<ModelStep> shortest = walk.shortest(violation.invariant());
        return "\nRepeat with -Dseed=" + seed + " -Dwalks=1: " + violation.invariant() + ", " + violation.what()
                + "\nThe shortest walk:\n" + String.join("\n", walk.told(shortest)) + "\n";
    }
}
