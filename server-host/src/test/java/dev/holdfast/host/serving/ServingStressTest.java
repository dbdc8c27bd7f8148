package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Changes and predictions of many threads at once, checked against what one thread alone would have come to. */
class ServingStressTest {

    private static final int MODELS = 4;
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(2);
    private static final Executor THREADS = task -> new Thread(task, "stress").start();

    private final Serving host = new Serving();
    private final AtomicLong answers = new AtomicLong();
    private final AtomicLong asked = new AtomicLong();

    @Test
    void everyRequestIsAnsweredOnceAndTheStateIsWhatTheAcknowledgedChangesMake() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("ServingStressTest seed " + seed);
        long end = System.nanoTime() + LONG_ENOUGH.toNanos();
        List<CompletableFuture<Optional<ServedModel>>> changers = new ArrayList<>();
        List<CompletableFuture<Void>> callers = new ArrayList<>();
        for (int i = 0; i < MODELS; i++) {
            String model = "m" + i;
            Random random = new Random(seed + i);
            changers.add(CompletableFuture.supplyAsync(() -> change(model, random, end), THREADS));
        }
        for (int i = 0; i < 6; i++) {
            Random random = new Random(seed - 1 - i);
            callers.add(CompletableFuture.runAsync(() -> predict(random, end), THREADS));
        }

        callers.add(CompletableFuture.runAsync(() -> look(end), THREADS));

        TreeMap<String, ServedModel> expected = new TreeMap<>();
        for (int i = 0; i < MODELS; i++) {
            Optional<ServedModel> model = changers.get(i).get(120, TimeUnit.SECONDS);
            if (model.isPresent()) {
                expected.put("m" + i, model.get());
            }
        }
        for (CompletableFuture<Void> caller : callers) {
            caller.get(120, TimeUnit.SECONDS);
        }

        assertThat(host.serving.state()).as("seed %d", seed).isEqualTo(ServingState.of(expected));
        long versions =
                expected.values().stream().mapToLong(m -> m.versions().size()).sum();
        // A version without workers may have been given its memory back.
        long withWorkers = expected.values().stream()
                .flatMap(model -> model.versions().values().stream())
                .filter(version -> version.maxWorkers() > 0)
                .count();
        assertThat(host.modelsOpen()).as("seed %d", seed).isBetween(withWorkers, versions);
        assertThat(host.store.open()).as("seed %d", seed).isEqualTo(host.modelsOpen());
        expected.forEach((name, model) -> model.versions()
                .forEach((version, state) -> assertThat(host.serving
                                .describe(name, Optional.of(version))
                                .workers())
                        .as("%s %s, seed %d", name, version, seed)
                        .filteredOn(worker -> !worker.unloading())
                        .hasSizeBetween(state.minWorkers(), state.maxWorkers())));
        assertThat(answers.get()).as("seed %d", seed).isEqualTo(asked.get()).isPositive();
        Set<Long> seen = new HashSet<>();
        host.models.forEach(model -> model.batches.forEach(batch -> batch.forEach(
                value -> assertThat(seen.add(value)).as("seed %d", seed).isTrue())));
        host.close();
        assertThat(host.changes.underWay()).isZero();
        assertThat(host.modelsOpen()).isZero();
        assertThat(host.store.open()).isZero();
        assertThat(host.store.closedTwice()).isFalse();
        assertThat(host.models).allSatisfy(model -> {
            assertThat(model.closes).hasValue(1);
            assertThat(model.predictionsAfterClose).hasValue(0);
        });
    }

    /** Does to one model what the dice say, and keeps account of what was acknowledged. */
    private Optional<ServedModel> change(String model, Random random, long end) {
        Optional<ServedModel> account = Optional.empty();
        while (System.nanoTime() < end) {
            String version = Integer.toString(1 + random.nextInt(3));
            try {
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        ServedVersion added = host.serving
                                .register(Registrations.withWorkers(model + "-" + version + ".mar", random.nextInt(4)))
                                .state();
                        account = Optional.of(account.map(before -> before.with(version, added))
                                .orElseGet(() -> ServedModel.of(version, added)));
                    }
                    case 2, 3 -> {
                        int min = random.nextInt(4);
                        ServedVersion scaled = host.serving
                                .scale(model, Optional.of(version), min, min + random.nextInt(2), random.nextBoolean())
                                .state();
                        account = account.map(before -> before.with(version, scaled));
                    }
                    case 4 -> {
                        host.serving.setDefault(model, version);
                        account = account.map(before -> before.withDefault(version));
                    }
                    default -> {
                        host.serving.unregister(model, Optional.of(version));
                        account = account.filter(before -> before.versions().size() > 1)
                                .map(before -> before.without(version));
                    }
                }
            } catch (ServingException e) {
                assertThat(e.kind())
                        .isIn(
                                ServingException.Kind.CONFLICT,
                                ServingException.Kind.MODEL_NOT_FOUND,
                                ServingException.Kind.VERSION_NOT_FOUND,
                                ServingException.Kind.DEFAULT_VERSION);
            }
        }
        return account;
    }

    /** What operators do all the time; none of it may fail or get in the way. */
    private void look(long end) {
        while (System.nanoTime() < end) {
            host.serving.healthy();
            host.serving.retryFailed();
            for (String model : host.serving.state().models().keySet()) {
                try {
                    assertThat(host.serving.describeAll(model))
                            .isSortedAccordingTo(
                                    Comparator.comparing(VersionStatus::version, ServedModel.VERSION_ORDER));
                } catch (ServingException e) {
                    assertThat(e.kind()).isEqualTo(ServingException.Kind.MODEL_NOT_FOUND);
                }
            }
        }
    }

    private void predict(Random random, long end) {
        List<CompletableFuture<?>> open = new ArrayList<>();
        while (System.nanoTime() < end) {
            String model = "m" + random.nextInt(MODELS);
            Optional<String> version =
                    random.nextBoolean() ? Optional.empty() : Optional.of(Integer.toString(1 + random.nextInt(3)));
            long value = random.nextLong();
            try {
                var answer = host.serving.find(model, version).predict(FakeModel.number(value));
                asked.incrementAndGet();
                open.add(answer.handle((outputs, failure) -> {
                    answers.incrementAndGet();
                    if (failure == null) {
                        assertThat(FakeModel.number(outputs)).isEqualTo(value);
                    } else {
                        assertThat(failure)
                                .isInstanceOfSatisfying(
                                        ServingException.class,
                                        e -> assertThat(e.kind()).isEqualTo(ServingException.Kind.UNAVAILABLE));
                    }
                    return null;
                }));
            } catch (ServingException e) {
                assertThat(e.kind())
                        .isIn(
                                ServingException.Kind.UNAVAILABLE,
                                ServingException.Kind.MODEL_NOT_FOUND,
                                ServingException.Kind.VERSION_NOT_FOUND);
            }
            if (open.size() == 20) {
                open.forEach(answer -> answer.orTimeout(60, TimeUnit.SECONDS).join());
                open.clear();
            }
        }
        open.forEach(answer -> answer.orTimeout(60, TimeUnit.SECONDS).join());
    }
}
