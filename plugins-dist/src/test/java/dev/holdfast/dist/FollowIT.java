package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.EnumSource.Mode.MATCH_NONE;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
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
        whatOneTeachesAllKnow(a, all);
    }

    /** A model stores what it has learned after each 1,000 rows, and nobody changes anything. */
    private static void whatOneTeachesAllKnow(Member teacher, List<Member> all) throws Exception {
        registerUntilTaken(teacher, "taxi-1.0", "taxi");
        String rows = IntStream.range(0, 1000)
                .mapToObj(i -> "[" + (15_000 + 9_000 * Math.sin(i / 7.6)) + "]")
                .collect(Collectors.joining(",", "[", "]"));

        assertThat(teacher.host().infer("/models/taxi/train", rows).statusCode())
                .isEqualTo(200);

        String known = scores(teacher);
        assertThat(known).doesNotMatch("[^1-9]*");
        for (Member member : all) {
            await().untilAsserted(
                            () -> assertThat(scores(member)).as(member.name()).isEqualTo(known));
        }
    }

    private static String scores(Member member) throws Exception {
        HttpResponse<String> answer = member.host().infer("/predictions/taxi", "[[4000],[12000],[18000]]");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer.body();
    }

    /** A change that comes at the same time as another host's snapshot of its start is made again, as its author would. */
    private static void registerUntilTaken(Member member, String model) {
        registerUntilTaken(member, "iris-1.0", model);
    }

    private static void registerUntilTaken(Member member, String archive, String model) {
        await().untilAsserted(() -> {
            HttpResponse<String> answer = member.tryToRegister(archive, model);
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
