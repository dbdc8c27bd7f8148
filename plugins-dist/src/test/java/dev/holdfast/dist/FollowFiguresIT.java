package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How long it takes until a change of one of five hosts is served by all, and what they cost while nothing changes. */
@EnabledIfSystemProperty(
        named = "fleet.figures",
        matches = "true",
        disabledReason = "Figures are of a machine that does nothing else: -Dfleet.figures=true")
class FollowFiguresIT {

    private static final int HOSTS = 5;
    private static final int CHANGES = Integer.getInteger("fleet.changes", 100);
    /** Changes that are not counted: an even number, after which nothing is registered. */
    private static final int WARM_UP = 10;

    /** The JVMs go on compiling what the changes have warmed. */
    private static final Duration SETTLING = Duration.ofMinutes(2);

    private static final Duration IDLE = Duration.ofSeconds(30);

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "DYNAMODB"})
    void ofAFleet(Store store) throws Exception {
        measure(store.name(), FLEETS.over(store));
    }

    @Test
    void ofAFleetThatIsTheStore() throws Exception {
        measure("RAFT", FLEETS.overRaft(HOSTS));
    }

    private static void measure(String store, Fleet fleet) throws Exception {
        List<Member> members = new ArrayList<>();
        for (int host = 0; host < HOSTS; host++) {
            members.add(fleet.member("H" + host));
        }
        // The members look each second by themselves.
        Fleet.start(members, "--follow");
        List<Double> millis = new ArrayList<>();
        for (int change = -WARM_UP; change < CHANGES; change++) {
            Member author = members.get(Math.floorMod(change, HOSTS));
            boolean adds = change % 2 == 0;
            long begin = System.nanoTime();
            assertThat(author.host()
                            .manage(
                                    adds ? "POST" : "DELETE",
                                    adds
                                            ? "/models?url=noop.mar&model_name=m&initial_workers=1&synchronous=true"
                                            : "/models/m")
                            .statusCode())
                    .isEqualTo(200);
            awaitServed(members, "m", adds);
            if (change >= 0) {
                millis.add((System.nanoTime() - begin) / 1e6);
            }
        }
        millis.sort(null);

        LockSupport.parkNanos(SETTLING.toNanos());
        List<Duration> before = cpu(members);
        LockSupport.parkNanos(IDLE.toNanos());
        List<Duration> after = cpu(members);
        double busy = 0;
        for (int host = 0; host < HOSTS; host++) {
            busy += after.get(host).minus(before.get(host)).toNanos();
        }
        System.out.printf(
                Locale.ROOT,
                "%s: a change is served by all %d hosts after %.0f ms (median), %.0f ms (p99 of %d);"
                        + " while nothing changes a host takes %.2f %% of a core%n",
                store,
                HOSTS,
                millis.get(CHANGES / 2),
                millis.get((int) Math.ceil(CHANGES * 0.99) - 1),
                CHANGES,
                100.0 * busy / HOSTS / IDLE.toNanos());
    }

    private static void awaitServed(List<Member> members, String model, boolean served) throws Exception {
        long end = System.nanoTime() + Duration.ofMinutes(1).toNanos();
        for (Member member : members) {
            while (member.host().infer("/predictions/" + model, "x").statusCode() == 200 != served) {
                assertThat(System.nanoTime() - end)
                        .as("%s is too late", member.name())
                        .isNegative();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
            }
        }
    }

    private static List<Duration> cpu(List<Member> members) throws Exception {
        List<Duration> all = new ArrayList<>();
        for (Member member : members) {
            long pid = member.host().run().required("pid").longValue();
            all.add(ProcessHandle.of(pid)
                    .orElseThrow()
                    .info()
                    .totalCpuDuration()
                    .orElseThrow());
        }
        return all;
    }
}
