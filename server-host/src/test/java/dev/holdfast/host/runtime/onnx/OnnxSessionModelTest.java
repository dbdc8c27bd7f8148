package dev.holdfast.host.runtime.onnx;

import static dev.holdfast.host.runtime.onnx.OnnxFile.FLOAT;
import static dev.holdfast.host.runtime.onnx.OnnxFile.names;
import static dev.holdfast.host.runtime.onnx.OnnxFile.node;
import static dev.holdfast.host.runtime.onnx.OnnxFile.nodes;
import static dev.holdfast.host.runtime.onnx.OnnxFile.value;
import static dev.holdfast.host.runtime.onnx.OnnxFile.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.FakeArchive;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.NoSessionException;
import dev.holdfast.host.runtime.StoredParts;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateMismatchException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions of a model that adds up: {@code sum} is all the {@code x} of its session. */
class OnnxSessionModelTest {

    private static final String SETTINGS =
            "{\"carry\": {\"before\": \"after\"}, \"maxSessions\": 3, \"idleSeconds\": 60}";

    /** Passes the greatest number in some tests, as the real one may. */
    private final AtomicLong nanos =
            new AtomicLong(Long.MAX_VALUE - Duration.ofSeconds(45).toNanos());

    private final OnnxSessionRuntime runtime = new OnnxSessionRuntime(new OnnxRuntime(), nanos::get);
    private final List<LoadedModel> loaded = new ArrayList<>();

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        loaded.forEach(LoadedModel::close);
    }

    /** A model of {@code sum = x + before, after = x + before}. */
    private static byte[] sums(Object... shape) {
        return OnnxFile.model(
                nodes(node("Add", names("x", "before"), names("sum")), node("Identity", names("sum"), names("after"))),
                values(value("x", FLOAT, shape), value("before", FLOAT, shape)),
                values(value("sum", FLOAT, shape), value("after", FLOAT, shape)));
    }

    /** A model that carries all that it was ever given. */
    private static byte[] grows() {
        return OnnxFile.model(
                nodes(
                        node("Concat", names("before", "x"), names("after"), OnnxFile.attribute("axis", 0)),
                        node("Identity", names("x"), names("same"))),
                values(value("x", FLOAT, -1), value("before", FLOAT, -1)),
                values(value("same", FLOAT, -1), value("after", FLOAT, -1)));
    }

    private FakeArchive archive(byte[] model, String settings) throws IOException {
        Files.write(directory.resolve("m.onnx"), model);
        Files.writeString(directory.resolve("session.json"), settings);
        return new FakeArchive("sums", directory, FakeArchive.manifest("sums", "m.onnx", "onnx-session", null));
    }

    private OnnxSessionModel load(byte[] model, String settings) throws IOException {
        OnnxSessionModel sessions = (OnnxSessionModel) runtime.load(archive(model, settings));
        loaded.add(sessions);
        return sessions;
    }

    private OnnxSessionModel load() throws IOException {
        return load(sums(1), SETTINGS);
    }

    private static Tensor x(float... values) {
        return new Tensor("x", TensorType.FP32, new long[] {values.length}, values);
    }

    private static Tensor id(String id) {
        return new Tensor(
                "session_id", TensorType.BYTES, new long[] {1}, new byte[][] {id.getBytes(StandardCharsets.UTF_8)});
    }

    private static Tensor end(boolean end) {
        return new Tensor("session_end", TensorType.BOOL, new long[] {1}, new boolean[] {end});
    }

    private static float add(LoadedModel model, Tensor... request) {
        model.check(List.of(request));
        List<Tensor> outputs = model.predict(List.of(List.of(request))).get(0);
        assertThat(outputs.get(0).name()).isEqualTo("sum");
        return ((float[]) outputs.get(0).elements())[0];
    }

    /** What the answer to a request says of its session. */
    private static String step(LoadedModel model, Tensor... request) {
        model.check(List.of(request));
        List<Tensor> answer = model.predict(List.of(List.of(request))).get(0);
        assertThat(answer).extracting(Tensor::name).containsExactly("sum", "session_new", "session_step");
        return (((boolean[]) answer.get(1).elements())[0] ? "new " : "")
                + ((long[]) answer.get(2).elements())[0];
    }

    private static Tensor start(boolean start) {
        return new Tensor("session_start", TensorType.BOOL, new long[] {1}, new boolean[] {start});
    }

    @Test
    void aSessionCarriesOnAndOthersAreNotTouched() throws IOException {
        OnnxSessionModel model = load();

        assertThat(add(model, x(1), id("a"))).isEqualTo(1);
        assertThat(add(model, x(2), id("a"))).isEqualTo(3);
        assertThat(add(model, x(10), id("b"))).isEqualTo(10);
        assertThat(add(model, x(4), id("a"))).isEqualTo(7);
        assertThat(add(model, x(100))).isEqualTo(100);
        assertThat(add(model, x(100))).isEqualTo(100);
        assertThat(model.updates()).isEqualTo(4);
    }

    @Test
    void theModelIsDescribedWithoutWhatItCarries() throws IOException {
        ModelSignature signature = load().signature();

        assertThat(signature.inputs()).extracting(TensorSpec::name).containsExactly("x", "session_id");
        assertThat(signature.outputs()).extracting(TensorSpec::name).containsExactly("sum");
    }

    @Test
    void aSessionThatWasEndedBeginsAnew() throws IOException {
        OnnxSessionModel model = load();
        add(model, x(1), id("a"));

        assertThat(add(model, x(2), id("a"), end(true))).isEqualTo(3);
        assertThat(StoredParts.of(model).bytes()).containsOnlyKeys("summary");
        assertThat(add(model, x(5), id("a"), end(false))).isEqualTo(5);
    }

    @Test
    void anAnswerSaysWhetherItsSessionIsNewAndHowManyStepsItHas() throws IOException {
        OnnxSessionModel model = load();

        assertThat(step(model, x(1), id("a"))).isEqualTo("new 1");
        assertThat(step(model, x(1), id("b"))).isEqualTo("new 1");
        assertThat(step(model, x(1), id("a"))).isEqualTo("2");
        assertThat(step(model, x(1), id("a"), start(false), end(true))).isEqualTo("3");
        assertThat(step(model, x(1), id("a"))).isEqualTo("new 1");
        assertThat(model.predict(List.of(List.of(x(1)))).get(0))
                .as("without a session")
                .hasSize(1);
        assertThat(model.signature().remarks())
                .extracting(TensorSpec::name)
                .containsExactly("session_new", "session_step");
    }

    @Test
    void aRequestThatGoesOnWithASessionThatIsNotThereIsRefused() throws IOException {
        OnnxSessionModel model = load();

        assertThatThrownBy(() -> add(model, x(1), id("a"), start(false)))
                .isInstanceOf(NoSessionException.class)
                .hasMessage("Model sums has no session 'a' to go on with (session_start=false): it never began, has"
                        + " ended, was idle for 60 s, or was lost when the host ended before it was stored; begin it"
                        + " anew with session_start=true");
        add(model, x(1), id("a"));
        assertThat(add(model, x(2), id("a"), start(false))).isEqualTo(3);
        nanos.addAndGet(Duration.ofSeconds(60).toNanos());
        assertThatThrownBy(() -> add(model, x(1), id("a"), start(false))).isInstanceOf(NoSessionException.class);
        add(model, x(1), id("a"), end(true));
        assertThatThrownBy(() -> add(model, x(1), id("a"), start(false))).isInstanceOf(NoSessionException.class);
        assertThat(StoredParts.of(model).bytes()).as("nothing is left of it").containsOnlyKeys("summary");
    }

    @Test
    void goingOnIsRefusedForTheSessionAlsoWhereNoOtherMayBegin() throws IOException {
        OnnxSessionModel model = load();
        for (String id : List.of("a", "b", "c")) {
            add(model, x(1), id(id));
        }

        assertThatThrownBy(() -> add(model, x(1), id("d"), start(false))).isInstanceOf(NoSessionException.class);
        assertThat(add(model, x(1), id("c"), start(false))).isEqualTo(2);
    }

    @Test
    void aRequestThatStartsASessionForgetsTheOneOfTheSameId() throws IOException {
        OnnxSessionModel model = load();
        add(model, x(1), id("a"), start(true));
        add(model, x(2), id("a"));

        assertThat(step(model, x(5), id("a"), start(true))).isEqualTo("new 1");
        assertThat(add(model, x(1), id("a"), start(false))).isEqualTo(6);
        assertThatThrownBy(() -> model.check(List.of(x(1), start(true))))
                .hasMessage("Model sums got session_start and no session_id to start");
    }

    @Test
    void aBatchMayBeginASessionAndGoOnWithIt() throws IOException {
        OnnxSessionModel model = load();

        List<List<Tensor>> answers = model.predict(List.of(
                List.of(x(1), id("a"), start(true)),
                List.of(x(2), id("a"), start(false)),
                List.of(x(4), id("a"), start(false), end(true))));

        assertThat(answers)
                .extracting(answer -> ((float[]) answer.get(0).elements())[0])
                .containsExactly(1f, 3f, 7f);
        assertThatThrownBy(() -> model.predict(
                        List.of(List.of(x(1), id("a"), start(false)), List.of(x(2), id("a"), start(true)))))
                .isInstanceOf(NoSessionException.class);
    }

    @Test
    void theStepsComeBackWithTheSession() throws IOException {
        OnnxSessionModel model = load();
        add(model, x(1), id("b"));
        add(model, x(1), id("a"));
        add(model, x(1), id("a"));
        OnnxSessionModel again = load();

        again.restore(StoredParts.of(model));

        assertThat(step(again, x(1), id("a"), start(false))).isEqualTo("3");
        assertThat(step(again, x(1), id("b"), start(false))).isEqualTo("2");
    }

    @Test
    void aStateOfAnOlderHostHasSessionsWithoutSteps() throws IOException {
        OnnxSessionModel model = load();
        add(model, x(1), id("a"));
        StoredParts older = StoredParts.of(model).without("steps");
        OnnxSessionModel again = load();

        again.restore(older);

        assertThat(step(again, x(1), id("a"), start(false))).isEqualTo("1");
        assertThat(add(again, x(1), id("a"))).isEqualTo(3);
    }

    @Test
    void theRequestsOfABatchRunInTheirOrder() throws IOException {
        OnnxSessionModel model = load();

        List<List<Tensor>> answers = model.predict(List.of(
                List.of(x(1), id("a")),
                List.of(x(1), id("b")),
                List.of(x(2), id("a")),
                List.of(x(9)),
                List.of(x(4), id("a"), end(true)),
                List.of(x(8), id("a"))));

        assertThat(answers)
                .extracting(answer -> ((float[]) answer.get(0).elements())[0])
                .containsExactly(1f, 1f, 3f, 9f, 7f, 8f);
        assertThat(add(model, x(1), id("a"))).isEqualTo(9);
    }

    @Test
    void aBatchThatFailsHasNotHappened() throws IOException {
        OnnxSessionModel model = load(sums("n"), "{\"carry\": {\"before\": \"after\"}, \"shapes\": {\"before\": [2]}}");
        model.predict(List.of(List.of(x(1, 1), id("a"))));

        assertThatThrownBy(() -> model.predict(List.of(List.of(x(1, 1), id("a")), List.of(x(1, 2, 3), id("b")))))
                .isInstanceOfAny(InvalidInputException.class, InferenceException.class);

        assertThat((float[]) model.predict(List.of(List.of(x(1, 5), id("a"))))
                        .get(0)
                        .get(0)
                        .elements())
                .containsExactly(2, 6);
        assertThat(model.updates()).isEqualTo(2);
        assertThat(StoredParts.of(model).bytes().get("summary")).startsWith(0, 0, 0, 1);
    }

    @Test
    void oneSessionTooManyIsRefusedUntilAnotherEndsOrIsIdle() throws IOException {
        OnnxSessionModel model = load();
        add(model, x(1), id("a"));
        nanos.addAndGet(Duration.ofSeconds(30).toNanos());
        add(model, x(1), id("b"));
        add(model, x(1), id("c"));

        assertThatThrownBy(() -> add(model, x(1), id("d")))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(
                        "Model sums has 3 sessions, as many as it may; the session 'd' can begin when one of them ends"
                                + " (session_end), or has been idle for 60 s");
        assertThat(add(model, x(1), id("b"))).isEqualTo(2);
        add(model, x(1), id("c"), end(true));
        assertThat(add(model, x(1), id("d"))).isEqualTo(1);
        nanos.addAndGet(Duration.ofSeconds(30).toNanos());
        assertThat(add(model, x(1), id("e"))).as("in the place of a").isEqualTo(1);
        assertThatThrownBy(() -> add(model, x(1), id("a"))).isInstanceOf(InvalidInputException.class);
    }

    @Test
    void aSessionThatNobodyCallsIsForgottenAndOneThatIsCalledIsNot() throws IOException {
        OnnxSessionModel model = load();
        add(model, x(1), id("a"));
        add(model, x(1), id("b"));
        nanos.addAndGet(Duration.ofSeconds(59).toNanos());
        assertThat(add(model, x(1), id("a"))).isEqualTo(2);
        nanos.addAndGet(Duration.ofSeconds(1).toNanos());

        assertThat(add(model, x(1), id("b"))).isEqualTo(1);
        assertThat(add(model, x(1), id("a"))).isEqualTo(3);
    }

    @Test
    void aFirstRequestThatFailsLeavesNoSession() throws IOException {
        OnnxSessionModel model = load(
                sums("n"), "{\"carry\": {\"before\": \"after\"}, \"shapes\": {\"before\": [2]}, \"maxSessions\": 1}");
        assertThatThrownBy(() -> model.predict(List.of(List.of(x(1, 2, 3), id("a")))))
                .isInstanceOfAny(InvalidInputException.class, InferenceException.class);

        assertThat(model.predict(List.of(List.of(x(1, 2), id("b"))))).hasSize(1);
    }

    @Test
    void everySessionComesBackWhereItWas() throws IOException {
        OnnxSessionModel model = load();
        Random random = new Random(1);
        for (int i = 0; i < 50; i++) {
            add(model, x(random.nextFloat()), id("a"));
            add(model, x(random.nextFloat()), id("é"));
        }
        StoredParts stored = StoredParts.of(model);
        OnnxSessionModel restored = load();
        add(restored, x(7), id("gone"));
        restored.restore(stored);

        for (int i = 0; i < 20; i++) {
            float next = random.nextFloat();
            assertThat(add(restored, x(next), id("a"))).isEqualTo(add(model, x(next), id("a")));
            assertThat(add(restored, x(next), id("é"))).isEqualTo(add(model, x(next), id("é")));
        }
        assertThat(add(restored, x(1), id("gone"))).isEqualTo(1);
        assertThat(StoredParts.of(load()).bytes()).containsOnlyKeys("summary");
    }

    @Test
    void theIdleTimeCountsFromTheRestore() throws IOException {
        OnnxSessionModel model = load();
        add(model, x(1), id("a"));
        nanos.addAndGet(Duration.ofSeconds(50).toNanos());
        StoredParts stored = StoredParts.of(model);
        nanos.addAndGet(Duration.ofDays(1).toNanos());
        model.restore(stored);

        nanos.addAndGet(Duration.ofSeconds(59).toNanos());
        assertThat(add(model, x(1), id("a"))).isEqualTo(2);
        nanos.addAndGet(Duration.ofSeconds(60).toNanos());
        assertThat(StoredParts.of(model).bytes())
                .as("idle sessions are not stored")
                .containsOnlyKeys("summary");
    }

    @Test
    void aViewHoldsAWholeBatchOrNothingOfIt() throws Exception {
        OnnxSessionModel model = load();
        AtomicBoolean done = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Future<?> asking = threads.submit(() -> {
                for (int i = 0; i < 1000; i++) {
                    model.predict(List.of(List.of(x(1), id("a")), List.of(x(1), id("b"))));
                }
                done.set(true);
            });
            Future<?> capturing = threads.submit(() -> {
                OnnxSessionModel restored = load();
                while (!done.get()) {
                    restored.restore(StoredParts.of(model));
                    assertThat(add(restored, x(0), id("a"))).isEqualTo(add(restored, x(0), id("b")));
                }
                return null;
            });
            asking.get(60, TimeUnit.SECONDS);
            capturing.get(60, TimeUnit.SECONDS);
        } finally {
            threads.shutdownNow();
        }
        assertThat(model.updates()).isEqualTo(2000);
    }

    @Test
    void manyAtOnceLoseNoRequestAndNeverWaitForOneAnother() throws Exception {
        OnnxSessionModel model = load();
        String[] ids = {"a", "b", "c"};
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<?>> asking = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                Random random = new Random(i);
                asking.add(threads.submit(() -> {
                    for (int n = 0; n < 500; n++) {
                        int first = random.nextInt(3);
                        model.predict(List.of(List.of(x(1), id(ids[first])), List.of(x(1), id(ids[(first + 1) % 3]))));
                    }
                }));
            }
            for (Future<?> future : asking) {
                future.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        float sum = 0;
        for (String id : ids) {
            sum += add(model, x(0), id(id));
        }
        assertThat(sum).isEqualTo(4 * 500 * 2);
    }

    @Test
    void whatGrowsIsCarriedUntilItIsTooLarge() throws IOException {
        OnnxSessionModel model = load(
                grows(),
                "{\"carry\": {\"before\": \"after\"}, \"shapes\": {\"before\": [0]}, \"maxSessionBytes\": 16}");
        model.predict(List.of(List.of(x(1, 2, 3), id("a"))));
        model.restore(StoredParts.of(model));

        assertThatThrownBy(() -> model.predict(List.of(List.of(x(4, 5), id("a")))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("would carry 20 bytes for the session, and session.json allows 16");
        assertThat(model.predict(List.of(List.of(x(4), id("a"))))).hasSize(1);
    }

    @Test
    void requestsThatDoNotFitAreRefused() throws IOException {
        OnnxSessionModel model = load();

        assertRefused(
                model,
                "knows no input 'before'",
                x(1),
                new Tensor("before", TensorType.FP32, new long[] {1}, new float[1]));
        assertRefused(model, "got no input 'x'", id("a"));
        assertRefused(model, "got a session_id of 0 bytes; it must have 1 to 200", x(1), id(""));
        assertRefused(model, "got a session_id of 201 bytes", x(1), id("a".repeat(201)));
        assertRefused(model, "wants session_id once, as BYTES[1]", x(1), id("a"), id("b"));
        assertRefused(
                model,
                "wants session_id once, as BYTES[1]",
                x(1),
                new Tensor("session_id", TensorType.INT64, new long[] {1}, new long[1]));
        assertRefused(model, "got session_end and no session_id to end", x(1), end(true));
        assertRefused(
                model,
                "got a session_id that is not UTF-8",
                x(1),
                new Tensor("session_id", TensorType.BYTES, new long[] {1}, new byte[][] {{-1}}));
        assertThat(model.updates()).isZero();
    }

    private static void assertRefused(LoadedModel model, String message, Tensor... request) {
        assertThatThrownBy(() -> model.check(List.of(request)))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageStartingWith("Model sums ")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}                                         | 'carry' is missing; it must be an object from each input that is",
                "{'carry': {}}                              | 'carry' is {}; it must be an object",
                "{'carry': {'before': 7}}                   | 'carry' is {\"before\":7}; it must be",
                "{'carry': {'before': 'x'}}                 | 'carry' names the output 'x', which the model does not have; it has [sum, after]",
                "{'carry': {'y': 'after'}}                  | 'carry' names the input 'y', which the model does not have; it has [x, before]",
                "{'carry': {'before': 'after'}, 'shapes': {'x': [1]}}        | 'shapes' is {\"x\":[1]}; it must be an object from inputs",
                "{'carry': {'before': 'after'}, 'shapes': {'before': [-1]}}  | 'shapes' is {\"before\":[-1]}; it must be",
                "{'carry': {'before': 'after'}, 'shapes': {'before': [2]}}   | the input 'before' has the shape [1]; 'shapes' must say",
                "{'carry': {'before': 'after'}, 'maxSessions': 0}            | 'maxSessions' is 0; it must be a whole number from 1 to",
                "{'carry': {'before': 'after'}, 'idleSeconds': 1.5}          | 'idleSeconds' is 1.5; it must be",
                "{'carry': {'before': 'after'}, 'maxSessionBytes': 3}        | 'maxSessionBytes' is 3, and the input 'before' alone takes 4",
                "{'carry': {'before': 'after'}, 'saveAfterSeconds': 'x'}     | 'saveAfterSeconds' is \"x\"; it must be a whole number",
                "{'carry': {'before': 'after'}, 'idle': 3}                   | has the unknown setting 'idle'; the settings are carry,",
            })
    void aWrongSettingIsNamedWithItsValueAndTheRule(String settings, String message) {
        assertThatThrownBy(() -> load(sums(1), settings.replace('\'', '"')))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageStartingWith("Archive sums: session.json")
                .hasMessageContaining(message);
    }

    @Test
    void anOpenShapeMustBeSaid() {
        assertThatThrownBy(() -> load(sums(-1), SETTINGS))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining("the input 'before' has the shape [-1]; 'shapes' must say which it has");
    }

    @Test
    void theStateOfOtherWeightsIsRefused() throws IOException {
        OnnxSessionModel model = load();
        add(model, x(1), id("a"));
        StoredParts stored = StoredParts.of(model);

        OnnxSessionModel other = load(sums(-1), SETTINGS.replace("}, ", "}, \"shapes\": {\"before\": [1]}, "));
        assertThatExceptionOfType(StateMismatchException.class)
                .isThrownBy(() -> other.restore(stored))
                .withMessageContaining("carry={before=after},model=");
        OnnxSessionModel fewer = load(sums(1), SETTINGS.replace("3", "1"));
        add(model, x(1), id("b"));
        assertThatExceptionOfType(StateMismatchException.class)
                .isThrownBy(() -> fewer.restore(StoredParts.of(model)))
                .withMessage("The state has 2 sessions, and session.json allows 1 (maxSessions)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"damaged", "forged"})
    void badBytesAreToldAsDamageAndLeaveTheSessionsAlone(String how) throws IOException {
        OnnxSessionModel model = load(sums(1), SETTINGS.replace("3", "9"));
        for (String id : List.of("a", "b", "c", "a longer one")) {
            add(model, x(1), id(id));
        }
        StoredParts stored = StoredParts.of(model);
        for (int seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            StoredParts bad = how.equals("damaged") ? stored.damaged(random) : stored.forged(random);
            try {
                model.restore(bad);
                // An id, or a number carried, that is as good as another.
                assertThat(how).as("seed %d", seed).isEqualTo("forged");
                assertThat(StoredParts.of(model).contents()).isEqualTo(bad.contents());
                model.restore(stored);
            } catch (StateException e) {
                assertThat(e)
                        .as("seed %d", seed)
                        .isInstanceOfAny(StateDamagedException.class, StateMismatchException.class);
                if (how.equals("damaged")) {
                    assertThat(e).as("seed %d", seed).isInstanceOf(StateDamagedException.class);
                }
            }
            assertThat(StoredParts.of(model).contents()).as("seed %d", seed).isEqualTo(stored.contents());
        }
        for (String part : List.of("summary", "sessions/000000")) {
            assertThatExceptionOfType(StateDamagedException.class)
                    .isThrownBy(() -> model.restore(stored.without(part)));
        }
    }

    @Test
    void everyTypeOfElementComesBackBitByBit() {
        Random random = new Random(2);
        for (TensorType type : TensorType.values()) {
            if (type != TensorType.BYTES) {
                byte[] bytes = new byte[6 * TensorBytes.width(type)];
                random.nextBytes(bytes);
                if (type == TensorType.BOOL) {
                    bytes = new byte[] {0, 1, 1, 0, 0, 1};
                }
                Tensor tensor = TensorBytes.tensor(new TensorSpec("t", type, List.of()), new long[] {2, 3}, bytes);

                assertThat(TensorBytes.of(tensor)).as("%s", type).isEqualTo(bytes);
                assertThat(Arrays.toString(tensor.shape())).isEqualTo("[2, 3]");
            }
        }
    }
}
