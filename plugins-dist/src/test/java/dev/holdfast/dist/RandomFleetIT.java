package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Five hosts that follow one another, changed from all sides at random while hosts are killed and paused: every change that was
 * acknowledged is in the end there, once.
 *
 * <pre>
 *   registrar   its own names, registered and unregistered: the last acknowledged one of each holds
 *   counters    each adds a step of its own to one number, with If-Match: none of the acknowledged ones is lost or made twice
 *   faults      kill -9 and a start; SIGSTOP and SIGCONT
 * </pre>
 *
 * <p>What was answered otherwise, or not at all, may have been made or not.
 */
@EnabledIfSystemProperty(
        named = "fleet.random",
        matches = "true",
        disabledReason = "Its five hosts need a machine of their own for minutes; it runs with -Dfleet.random=true")
class RandomFleetIT {

    private static final int HOSTS = 5;
    private static final String COUNTER = "counter";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** {@code -Dfleet.seconds=…} for longer ones, {@code -Dfleet.seed=…} for one of before, as far as threads allow. */
    private static final Duration HISTORY = Duration.ofSeconds(Integer.getInteger("fleet.seconds", 15));

    @RegisterExtension
    static final Fleets FLEETS = new Fleets();

    private final long seed = Long.getLong("fleet.seed", System.nanoTime());
    private final List<Member> members = new ArrayList<>();
    private volatile boolean over;

    /** What is known of a name: registered or not, or, after an answer that says neither, either. */
    private enum Known {
        THERE,
        GONE,
        EITHER
    }

    /** How much was added and acknowledged, and how much may have been added besides. */
    private record Counted(int acknowledged, int unknown) {}

    @ParameterizedTest
    @EnumSource(names = {"POSTGRESQL", "DYNAMODB"})
    void everyAcknowledgedChangeIsThereOnce(Store store) throws Exception {
        history(FLEETS.over(store));
    }

    @Test
    void everyAcknowledgedChangeIsThereOnceWhereTheHostsAreTheStore() throws Exception {
        history(FLEETS.overRaft(HOSTS));
    }

    private void history(Fleet fleet) throws Exception {
        System.out.println("fleet.seed=" + seed);
        for (int host = 0; host < HOSTS; host++) {
            members.add(fleet.member("H" + host));
        }
        Fleet.start(members, "--follow", "--set=durable_in=store");
        await().until(() -> answer(members.get(0), "POST", register(COUNTER)) == 200);
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            List<Future<Map<String, Known>>> registrars = new ArrayList<>();
            List<Future<Counted>> counters = new ArrayList<>();
            for (int number = 0; number < 2; number++) {
                String prefix = "r" + number + "-";
                Random random = new Random(seed + number);
                registrars.add(threads.submit(() -> register(prefix, random)));
                Random other = new Random(seed + 100 + number);
                // Not the same, for one change that two hosts make at once is one change.
                int step = number == 0 ? 1 : 100;
                counters.add(threads.submit(() -> count(other, step)));
            }
            Future<?> faults = threads.submit(() -> fail(new Random(seed + 200)));
            faults.get(HISTORY.toSeconds() + 300, TimeUnit.SECONDS);
            over = true;
            Map<String, Known> names = new TreeMap<>();
            for (Future<Map<String, Known>> registrar : registrars) {
                names.putAll(registrar.get(3, TimeUnit.MINUTES));
            }
            int acknowledged = 0;
            int unknown = 0;
            for (Future<Counted> counter : counters) {
                Counted counted = counter.get(3, TimeUnit.MINUTES);
                acknowledged += counted.acknowledged();
                unknown += counted.unknown();
            }
            assertAllServe(names, new Counted(acknowledged, unknown));
        } finally {
            over = true;
            threads.shutdownNow();
        }
    }

    private static String register(String model) {
        return "/models?url=noop.mar&model_name=" + model + "&initial_workers=1&synchronous=true";
    }

    private Member any(Random random) {
        return members.get(random.nextInt(HOSTS));
    }

    /** The status of an answer; 0 where there was none. */
    private static int answer(Member member, String method, String path, String... headers)
            throws InterruptedException {
        try {
            return member.host().manage(method, path, headers).statusCode();
        } catch (IOException | RuntimeException e) {
            // Killed, or not yet there.
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            return 0;
        }
    }

    /** Refused before anything was done, or undone as a whole. */
    private static boolean isRefused(int status) {
        return status == 409 || status == 412 || status == 404;
    }

    private Map<String, Known> register(String prefix, Random random) throws InterruptedException {
        Map<String, Known> names = new TreeMap<>();
        while (!over) {
            String name = prefix + random.nextInt(4);
            Known before = names.getOrDefault(name, Known.GONE);
            boolean adds = before != Known.THERE;
            int status = adds
                    ? answer(any(random), "POST", register(name))
                    : answer(any(random), "DELETE", "/models/" + name);
            if (status == 200) {
                names.put(name, adds ? Known.THERE : Known.GONE);
            } else if (before == Known.EITHER && status == 409) {
                // It may be there already: taken away, it is known again.
                names.put(name, answer(any(random), "DELETE", "/models/" + name) == 200 ? Known.GONE : Known.EITHER);
            } else if (!isRefused(status)) {
                names.put(name, Known.EITHER);
            }
        }
        return names;
    }

    private Counted count(Random random, int step) throws InterruptedException {
        int acknowledged = 0;
        int unknown = 0;
        while (!over) {
            Member member = any(random);
            Optional<Seen> seen = seen(member);
            if (seen.isEmpty()) {
                continue;
            }
            int next = seen.get().number() + step;
            int status = answer(
                    member,
                    "PUT",
                    "/models/" + COUNTER + "?min_worker=1&max_worker=" + next,
                    "If-Match",
                    seen.get().tag());
            if (status == 200 || status == 202) {
                acknowledged += step;
            } else if (!isRefused(status)) {
                unknown += step;
            }
        }
        return new Counted(acknowledged, unknown);
    }

    private record Seen(String tag, int number) {}

    private static Optional<Seen> seen(Member member) throws InterruptedException {
        try {
            HttpResponse<String> answer = member.host().manage("GET", "/models/" + COUNTER);
            return answer.statusCode() == 200
                    ? Optional.of(new Seen(
                            answer.headers().firstValue("ETag").orElseThrow(),
                            JSON.readTree(answer.body())
                                    .required(0)
                                    .required("maxWorkers")
                                    .intValue()))
                    : Optional.empty();
        } catch (IOException | RuntimeException e) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            return Optional.empty();
        }
    }

    /** One host at a time, so that a majority goes on. */
    private Void fail(Random random) throws Exception {
        long end = System.nanoTime() + HISTORY.toNanos();
        while (System.nanoTime() - end < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500 + random.nextInt(1500)));
            Member member = any(random);
            if (random.nextBoolean()) {
                member.kill();
                member.start("--follow", "--set=durable_in=store");
            } else {
                member.host().signal("STOP");
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500 + random.nextInt(2500)));
                member.host().signal("CONT");
            }
        }
        return null;
    }

    private void assertAllServe(Map<String, Known> names, Counted counted) throws Exception {
        for (Member member : members) {
            await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> {
                JsonNode status = member.status();
                if (status.required("mode").textValue().equals("DETACHED")) {
                    // Of two hosts that were not answered both may have made a change; an operator decides.
                    member.take("store");
                }
                assertThat(status.required("mode").textValue()).as("%s", status).isEqualTo("ATTACHED");
                assertThat(status.has("behind")).as("%s", status).isFalse();
            });
        }
        // What waited on one host, unanswered, may have come to the others only now.
        await().untilAsserted(() -> assertThat(tags()).as("seed %s", seed).hasSize(1));
        for (Member member : members) {
            TreeSet<String> served = new TreeSet<>(member.models());
            int number = seen(member).orElseThrow().number();
            assertThat(number)
                    .as("%s additions of %s, seed %s", counted, member.name(), seed)
                    .isBetween(1 + counted.acknowledged(), 1 + counted.acknowledged() + counted.unknown());
            names.forEach((name, known) -> {
                if (known != Known.EITHER) {
                    assertThat(served.contains(name))
                            .as("%s at %s is %s, seed %s", name, member.name(), known, seed)
                            .isEqualTo(known == Known.THERE);
                }
            });
        }
        System.out.println(names.size() + " names, " + counted);
    }

    private TreeSet<String> tags() throws InterruptedException {
        TreeSet<String> tags = new TreeSet<>();
        for (Member member : members) {
            tags.add(seen(member).map(Seen::tag).orElse(""));
        }
        return tags;
    }
}
