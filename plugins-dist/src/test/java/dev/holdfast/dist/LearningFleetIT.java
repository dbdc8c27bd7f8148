package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.dist.Distribution.Said;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two hosts of one group over one database, each of which goes over to what the other one has stored: what one has learned,
 * the other one knows, to the last bit, and no chunk of it is on either host's own disk.
 */
class LearningFleetIT {

    private static final String QUESTIONS = "[[4000],[12000],[18000],[39000]]";

    @TempDir
    private Path directory;

    private final List<Member> members = new ArrayList<>();

    /** A host of the group, with a log location of its own. */
    private record Member(Distribution unpacked, Path logs) {

        RunningHost host() {
            return new RunningHost(logs);
        }

        void start(Path database) throws IOException, InterruptedException {
            Said said = unpacked.run(
                    "--model-store=" + unpacked.home().resolve("examples/model-store"),
                    "--set=inference_address=http://127.0.0.1:0",
                    "--set=management_address=http://127.0.0.1:0",
                    "--set=metrics_address=http://127.0.0.1:0",
                    "--set=snapshot_conflict=take-store",
                    "--set=snapshot.jdbc.url=jdbc:sqlite:" + database);
            assertThat(said.exitCode()).as("%s", said).isZero();
        }

        /** A change, made again where the host has found that the other one was faster and has gone over to its state. */
        void change(String method, String path) {
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                HttpResponse<String> answer = host().manage(method, path);
                assertThat(answer.statusCode()).as(answer.body()).isIn(200, 409);
                return answer.statusCode() == 200;
            });
        }

        /** A change that comes too late. */
        void loseAChange() throws IOException, InterruptedException {
            HttpResponse<String> answer = host().manage("PUT", "/models/taxi?min_worker=2&max_worker=2");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(409);
        }

        void teach(int from, int to) throws IOException, InterruptedException {
            String rows = IntStream.range(from, to)
                    .mapToObj(i -> "[" + (15_000 + 9_000 * Math.sin(i / 7.6)) + "]")
                    .collect(Collectors.joining(",", "[", "]"));
            HttpResponse<String> answer = host().infer("/models/taxi/train", rows);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }

        String scores() throws IOException, InterruptedException {
            HttpResponse<String> answer = host().infer("/predictions/taxi", QUESTIONS);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            return answer.body();
        }
    }

    private Member member(String name) throws IOException, InterruptedException {
        Path own = Files.createDirectory(directory.toRealPath().resolve(name));
        Path logs = Files.createDirectory(own.resolve("logs"));
        Distribution unpacked = Distribution.unpack(own).install("plugin-jdbc").with("LOG_LOCATION", logs.toString());
        Member member = new Member(unpacked, logs);
        members.add(member);
        return member;
    }

    @AfterEach
    void leaveNoHost() throws IOException {
        for (Member member : members) {
            member.host().end();
        }
    }

    @Test
    void whatOneHostHasLearnedTheOtherOneKnows() throws Exception {
        Path database = directory.toRealPath().resolve("shared.db");
        Member one = member("one");
        Member other = member("other");
        one.start(database);
        one.change("POST", "/models?url=taxi-1.0&initial_workers=1&synchronous=true");
        other.start(database);
        one.change("PUT", "/models/taxi?min_worker=1&max_worker=1&synchronous=true");

        one.teach(0, 2000);
        one.change("POST", "/models/taxi/save?id=monday");
        other.loseAChange();
        assertThat(other.scores()).isEqualTo(one.scores());

        other.teach(2000, 3000);
        other.change("POST", "/models/taxi/save?id=tuesday");
        String tuesday = other.scores();
        assertThat(tuesday).isNotEqualTo(one.scores());
        one.loseAChange();
        assertThat(one.scores()).isEqualTo(tuesday);

        // One of them dies with its disk; what replaces it has everything from the database.
        one.host().kill();
        Member successor = member("successor");
        successor.start(database);
        assertThat(successor.scores()).isEqualTo(tuesday);
        for (Member each : members) {
            assertThat(each.logs().resolve("config/.chunks")).doesNotExist();
        }
    }
}
