package dev.holdfast.host.keeper;

import dev.holdfast.host.keeper.ModelWorld.Faults;
import dev.holdfast.host.keeper.ModelWorld.Violation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A walk of one seed, and the shortest walk that fails as it does. */
final class ModelWalk {

    static final int LENGTH = 30;

    private final long seed;
    private final Path place;
    private final int hosts;
    private final List<ModelStep> steps;
    final Map<String, Integer> counts = new HashMap<>();
    private int runs;

    ModelWalk(long seed, Path place) {
        this.seed = seed;
        this.place = place;
        Random random = new Random(seed * 31 + 7);
        hosts = random.nextInt(3) == 0 ? 3 : 2;
        Faults faults = new Faults(
                random.nextBoolean(),
                random.nextInt(3) == 0,
                random.nextInt(3) == 0,
                random.nextInt(3) == 0,
                random.nextBoolean(),
                random.nextInt(3) > 0);
        steps = ModelStep.walk(random, hosts, faults, LENGTH);
    }

    Optional<Violation> run() {
        return run(steps, line -> {});
    }

    private Optional<Violation> run(List<ModelStep> some, Consumer<String> told) {
        Path directory = place.resolve(seed + "-" + runs++);
        try (ModelWorld world = new ModelWorld(seed, hosts, directory, told)) {
            Optional<Violation> found = world.run(some);
            world.counts().forEach((what, count) -> counts.merge(what, count, Integer::sum));
            return found;
        } finally {
            delete(directory);
        }
    }

    /** The shortest walk that this can be cut down to and still fails by the same invariant. */
    List<ModelStep> shortest(String invariant) {
        List<ModelStep> best = steps;
        for (int size = Math.max(1, best.size() / 2); size > 0; size = size == 1 ? 0 : size / 2) {
            boolean cut = true;
            while (cut) {
                cut = false;
                for (int from = 0; from + size <= best.size(); ) {
                    List<ModelStep> fewer = new ArrayList<>(best.subList(0, from));
                    fewer.addAll(best.subList(from + size, best.size()));
                    if (fails(fewer, invariant)) {
                        best = fewer;
                        cut = true;
                    } else {
                        from++;
                    }
                }
            }
        }
        return plainer(best, invariant);
    }

    /** The same without the events that are not needed. */
    private List<ModelStep> plainer(List<ModelStep> walk, String invariant) {
        List<ModelStep> best = new ArrayList<>(walk);
        for (int i = 0; i < best.size(); i++) {
            ModelStep step = best.get(i);
            if (step.at() > 0) {
                List<ModelStep> plain = new ArrayList<>(best);
                plain.set(i, new ModelStep(step.kind(), step.host(), step.a(), step.b(), 0, ModelStep.Event.NONE));
                if (fails(plain, invariant)) {
                    best = plain;
                }
            }
        }
        return best;
    }

    private boolean fails(List<ModelStep> some, String invariant) {
        return run(some, line -> {})
                .filter(it -> it.invariant().equals(invariant))
                .isPresent();
    }

    /** What happens in a walk, as lines to read. */
    List<String> told(List<ModelStep> some) {
        List<String> lines = new ArrayList<>();
        run(some, lines::add);
        return lines;
    }

    /** What happens, as lines to read. */
    List<String> told() {
        return told(steps);
    }

    /** A directory with all that is in it. */
    static void delete(Path directory) {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
