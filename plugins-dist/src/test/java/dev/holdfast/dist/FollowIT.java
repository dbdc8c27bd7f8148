package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.EnumSource.Mode.MATCH_NONE;

import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Three hosts that follow one another: what is changed at one is served by all. */
class FollowIT {

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    @ParameterizedTest
    @EnumSource(mode = MATCH_NONE, names = "FS.*")
    void whatIsRegisteredAtOneHostIsServedByAllAndSurvivesAKill(Store store) throws Exception {
        servedByAll(FLEETS.over(store));
    }

    @Test
    void theSameOfHostsThatAreTheStoreThemselves() throws Exception {
        servedByAll(FLEETS.overRaft(3));
    }

    private static void servedByAll(Fleet fleet) throws Exception {
        Member a = fleet.member("A");
        Member b = fleet.member("B");
        Member c = fleet.member("C");
        List<Member> all = List.of(a, b, c);
        // Peers wait for one another.
        Fleet.start(all, "--follow");

        a.register("first");
        awaitServed(all, "first");
        registerUntilTaken(b, "second");
        awaitServed(all, "first", "second");
        c.kill();
        registerUntilTaken(a, "third");
        c.start("--follow");
        awaitServed(all, "first", "second", "third");

        for (Member member : all) {
            assertThat(member.mode()).as(member.name()).isEqualTo("ATTACHED");
            assertThat(member.status().has("behind")).as(member.name()).isFalse();
            member.awaitReady();
        }
    }

    /** A change that comes at the same time as another host's snapshot of its start is made again, as its author would. */
    private static void registerUntilTaken(Member member, String model) {
        await().untilAsserted(() -> {
            HttpResponse<String> answer = member.tryToRegister(model);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        });
    }

    private static void awaitServed(List<Member> members, String... models) {
        for (Member member : members) {
            await().untilAsserted(
                            () -> assertThat(member.models()).as(member.name()).containsExactly(models));
        }
    }
}
