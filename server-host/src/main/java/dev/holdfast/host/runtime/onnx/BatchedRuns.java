package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.archive.BatchAxes;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that come at once, run together where that is allowed and one by one where not.
 *
 * <pre>
 *   joined, of equal sizes but for the rows ─ join ─▶ engine ─ split ─▶ outputs of each
 *   all others ────────────────────────────────────▶ engine, each ────▶ outputs of each
 * </pre>
 *
 * <p>A model that turns out not to allow it runs requests one by one from then on. An author's word is held against one request
 * that runs alone before any run together: outputs that are the same for any number of rows would be split without a word
 * where that number happened to be theirs. Safe for several threads.
 */
final class BatchedRuns {

    private static final Logger log = LoggerFactory.getLogger(BatchedRuns.class);

    /** A batch may fail for a passing reason, such as memory; not time after time. */
    private static final int MOST_FAILURES = 3;

    /** One run: for each input by its name, the tensors that lie in it one after the other along its first dimension. */
    interface Engine {
        List<Tensor> run(Map<String, List<Tensor>> inputs);
    }

    private record Way(Joining joining, Batches batches, int mostRows) {}

    private final String model;
    private final Engine engine;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile Way way;

    /** The way whose outputs had as many rows as a request that ran alone. */
    private volatile @Nullable Way proved;

    /** One by one until {@link #join}. */
    BatchedRuns(String model, Engine engine) {
        this.model = model;
        this.engine = engine;
        this.way = oneByOne("nobody has asked for more yet");
    }

    private static Way oneByOne(String whySingle) {
        return new Way(Joining.single(whySingle), new Batches(new BatchAxes(Map.of(), Map.of())), 0);
    }

    /** @param mostRows how many rows run together at the most */
    void join(Joining joining, Batches batches, int mostRows) {
        way = new Way(joining, batches, mostRows);
        if (joining.by() == Joining.By.CHECKED) {
            proved = way;
        }
    }

    void single(String why) {
        way = oneByOne(why);
    }

    int mostRows() {
        return way.mostRows();
    }

    Joining joining() {
        return way.joining();
    }

    /** All answers in the order of the requests, or an exception and none. */
    List<List<Tensor>> predict(List<List<Tensor>> batch) {
        Way now = way;
        if (batch.size() == 1 || !now.joining().isJoined()) {
            return runEach(batch, now);
        }
        Map<Integer, List<Tensor>> answers = new TreeMap<>();
        for (List<Integer> group : groups(batch, now)) {
            List<List<Tensor>> outputs =
                    runTogether(group.stream().map(batch::get).toList(), now);
            for (int i = 0; i < group.size(); i++) {
                answers.put(group.get(i), outputs.get(i));
            }
        }
        return List.copyOf(answers.values());
    }

    private List<List<Tensor>> runEach(List<List<Tensor>> batch, Way now) {
        List<List<Tensor>> answers = new ArrayList<>();
        for (List<Tensor> request : batch) {
            answers.add(runAlone(request, now));
        }
        return answers;
    }

    private List<Tensor> runAlone(List<Tensor> request, Way now) {
        List<Tensor> outputs = engine.run(Batches.alone(request));
        if (now.joining().isJoined()
                && !now.equals(proved)
                && now.batches().isJoinable(request)
                && hasRows(now, outputs, now.batches().rows(request))) {
            proved = now;
        }
        return outputs;
    }

    private boolean hasRows(Way now, List<Tensor> outputs, int... rows) {
        boolean well = now.batches().canSplit(outputs, rows);
        if (!well) {
            giveUp(now, "the rows of its outputs " + outputs + " are not those of the requests");
        }
        return well;
    }

    private List<List<Tensor>> runTogether(List<List<Tensor>> group, Way now) {
        if (group.size() > 1 && !now.equals(proved)) {
            runAlone(group.get(0), now);
        }
        if (group.size() == 1 || !joining().isJoined()) {
            return runEach(group, now);
        }
        List<Tensor> outputs = engine.run(now.batches().parts(group));
        int[] rows = group.stream().mapToInt(now.batches()::rows).toArray();
        if (!hasRows(now, outputs, rows)) {
            return runEach(group, now);
        }
        failures.set(0);
        return now.batches().split(outputs, rows);
    }

    /** Notes a batch that failed though its requests succeed one by one. */
    void failedOnlyTogether(String why) {
        Way now = way;
        if (now.joining().isJoined() && failures.incrementAndGet() >= MOST_FAILURES) {
            giveUp(now, "joined runs fail, and the same requests succeed one by one: " + why);
        }
    }

    private void giveUp(Way wrong, String why) {
        synchronized (this) {
            if (!way.equals(wrong)) {
                return;
            }
            way = oneByOne(why);
        }
        log.warn(
                "Model {} was to run requests together ({}); they run one by one from now on: {}",
                model,
                wrong.joining().why(),
                why);
    }

    /** The requests that run together, by what they must have in common, in the order of the first of each. */
    private static List<List<Integer>> groups(List<List<Tensor>> batch, Way way) {
        List<List<Integer>> groups = new ArrayList<>();
        Map<Object, Open> open = new HashMap<>();
        for (int i = 0; i < batch.size(); i++) {
            List<Tensor> request = batch.get(i);
            if (!way.batches().isJoinable(request)) {
                groups.add(List.of(i));
                continue;
            }
            Object key = way.batches().key(request);
            int rows = way.batches().rows(request);
            Open group = open.get(key);
            if (group == null || group.rows() + rows > way.mostRows()) {
                group = new Open(new ArrayList<>(), 0);
                groups.add(group.members());
            }
            group.members().add(i);
            open.put(key, new Open(group.members(), group.rows() + rows));
        }
        return groups;
    }

    /** A group that may have room for more rows. */
    private record Open(List<Integer> members, long rows) {}
}
