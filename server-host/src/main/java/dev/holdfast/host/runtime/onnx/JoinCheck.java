package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.runtime.onnx.BatchedRuns.Engine;
import dev.holdfast.host.text.OneLine;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The self-check at load: whether rows of different requests, run together along their first dimensions, get the answers
 * that they get alone.
 *
 * <pre>
 *   sample requests ─▶ each alone ─────────────────────────────┐
 *                   ├▶ joined, in other orders, each twice ────┤
 *                   ├▶ joined, as many as come at once ────────┤ the same answers?
 *                   └▶ beside ordinary, then extreme rows ─────┘
 * </pre>
 *
 * <p>Samples are random, of the declared types, of several sizes where sizes are free, and always the same. Whole numbers
 * are small at first, for they may be indexes, and grow for as long as the model takes them. A model that refuses all
 * samples, or to whose answers they make no difference, whose answers or times depend on more than the row, or that is too
 * slow, is not joined. No number of samples is a proof; the manifest or the registration can decide otherwise.
 *
 * <p>Used by one thread, once.
 */
final class JoinCheck {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private static final long SEED = 20_260_117;
    private static final int REQUESTS = 8;
    private static final int MOST_TRIES = 5;
    private static final int MOST_SIZES = 3;
    private static final double MOST_ELEMENTS = 64 << 20;
    private static final int MOST_ROWS = 4096;
    private static final int LEAST_ROWS = 64;
    /** A run that takes longer makes the check a short one. */
    private static final long LONG_RUN = Duration.ofMillis(20).toNanos();

    /** A run that takes less lets it try every number of rows. */
    private static final long SHORT_RUN = Duration.ofMillis(1).toNanos();

    private static final int SLOWER = 10;
    private static final long SLOW = Duration.ofMillis(5).toNanos();

    /** In small steps, because several numbers may be multiplied to the size of something. */
    private static final long[] STEPS = {
        3, 9, 30, 99, 300, 999, 3_000, 9_999, 30_000, 99_999, 999_999, 9_999_999, 99_999_999, Long.MAX_VALUE
    };

    private static final double TINY = 1e-30;

    /** With whatever a model may split texts at: where each row has as many columns as the longest one has words. */
    private static final String SEVERAL_WORDS =
            "one two, three; four,five;six|seven:eight/nine.ten-eleven_twelve\tthirteen\nfourteen=fifteen&sixteen  seventeen#";

    private static final double[] SCALES = {1e2, 1e4, 1e6};

    /**
     * What is checked.
     *
     * @param inputs all with a free first dimension
     * @param batches along the first dimensions
     * @param batchSize how many requests come at once
     * @param patience how long the check may take
     */
    record Subject(List<NamedSpec> inputs, Batches batches, int batchSize, Duration patience) {}

    /**
     * What was found.
     *
     * @param why what it was found by, or what differs
     * @param mostRows how many rows were run together at the most
     */
    record Result(boolean same, String why, int mostRows) {
        static Result not(String why) {
            return new Result(false, why, 0);
        }
    }

    /** The rows of requests must not be joined. */
    private static final class NotJoinedException extends Exception {
        private static final long serialVersionUID = 1;

        NotJoinedException(String why) {
            super(why);
        }
    }

    /** A request with the answer that it got alone. */
    private record Answered(List<Tensor> request, List<Tensor> answer) {}

    /** What of an input's values the model takes. */
    private record Reach(long least, long most, double scale) {}

    private final List<NamedSpec> inputs;
    private final Batches batches;
    private final int batchSize;
    private final Duration patience;
    private final Engine engine;
    private final Random random = new Random(SEED);
    private final long started = System.nanoTime();

    private SampleSizes sizes;
    private SampleValues ordinary = SampleValues.ORDINARY.get(0);
    private final Map<String, Reach> reach = new HashMap<>();
    private long usualNanos;
    private long lastNanos;
    private int runs;
    private int alike;
    private int mostRows;
    private String failure = "";

    JoinCheck(Subject subject, Engine engine) {
        this.inputs = subject.inputs();
        this.batches = subject.batches();
        this.batchSize = subject.batchSize();
        this.patience = subject.patience();
        this.engine = engine;
        this.sizes = SampleSizes.candidates(inputs).get(0);
    }

    Result run() {
        try {
            findWhatItTakes();
            for (NamedSpec input : inputs) {
                reach.put(input.name(), reach(input));
            }
            for (NamedSpec input : inputs) {
                requireInfluence(input);
            }
            List<Answered> samples = compare(sizes, this::usual, rowsOfRequests());
            compare(sizes, this::larger, ones(REQUESTS / 2));
            compare(sizes, this::largest, ones(REQUESTS / 2));
            compare(sizes, this::alike, ones(isSlow() ? REQUESTS / 2 : REQUESTS));
            for (SampleSizes other : otherSizes()) {
                compare(other, isSlow() ? this::usual : this::larger, ones(REQUESTS / 2));
            }
            besideExtremes(this::usual);
            if (!isSlow()) {
                besideExtremes(this::larger);
            }
            inAllNumbers(samples);
        } catch (NotJoinedException e) {
            return Result.not("the self-check found that " + e.getMessage());
        } catch (OutOfMemoryError e) {
            return Result.not("the self-check found too little memory: " + OneLine.of(e));
        }
        return new Result(
                true,
                "the self-check found no difference in " + runs + " runs, with up to " + mostRows
                        + " rows at once, within "
                        + Duration.ofNanos(System.nanoTime() - started).toMillis() + " ms",
                mostRows);
    }

    private boolean isSlow() {
        return usualNanos > LONG_RUN;
    }

    private static List<Integer> ones(int count) {
        return Collections.nCopies(count, 1);
    }

    private static List<Integer> rowsOfRequests() {
        List<Integer> rows = new ArrayList<>(ones(REQUESTS - 2));
        rows.add(2, 3);
        rows.add(2);
        return rows;
    }

    // What the model takes.

    private void findWhatItTakes() throws NotJoinedException {
        String first = "";
        for (SampleValues values : SampleValues.ORDINARY) {
            for (SampleSizes candidate : SampleSizes.candidates(inputs)) {
                if (candidate.elementsInRow(inputs) * 4 * REQUESTS > MOST_ELEMENTS) {
                    first = first.isEmpty() ? "a row is too large for it" : first;
                    continue;
                }
                ordinary = values;
                List<Tensor> request = request(1, candidate, input -> values);
                Optional<List<Tensor>> answer = answer(request);
                if (answer.isPresent()) {
                    sizes = candidate;
                    requireRepeatable(request, answer.get());
                    return;
                }
                first = first.isEmpty() ? failure : first;
            }
        }
        throw new NotJoinedException("the model takes none of its samples: " + first);
    }

    private void requireRepeatable(List<Tensor> request, List<Tensor> answer) throws NotJoinedException {
        usualNanos = Long.MAX_VALUE;
        // On a busy machine one run alone says little.
        for (int i = 0; i < 3 || (i < 10 && isSlow()); i++) {
            List<Tensor> again = answer(request).orElseThrow(() -> failed("a sample that had succeeded failed"));
            usualNanos = Math.min(usualNanos, lastNanos);
            require(Sameness.strict(), answer, again, "two runs of one request differ");
        }
    }

    /** Finds the range of an input's values; requires that neither the shape nor the time of the answer depends on them. */
    private Reach reach(NamedSpec input) throws NotJoinedException {
        TensorType type = input.spec().type();
        long most = 1;
        long least = 0;
        double scale = 1;
        if (type.isWhole()) {
            for (long step : STEPS) {
                long value = Math.min(step, type.most());
                if (value > most && !takes(input, ordinary.withWholes(any -> value))) {
                    break;
                }
                most = Math.max(most, value);
            }
            if (type.least() < 0 && takes(input, ordinary.withWholes(any -> -1))) {
                long lowest = -most;
                least = takes(input, ordinary.withWholes(any -> lowest)) ? lowest : -1;
            }
        } else if (SampleValues.isFraction(type)) {
            for (double step : SCALES) {
                if (!takes(input, ordinary.withFractions(any -> step))) {
                    break;
                }
                scale = step;
            }
        }
        return new Reach(least, most, scale);
    }

    private boolean takes(NamedSpec input, SampleValues values) throws NotJoinedException {
        return answerInTime(request(1, sizes, other -> other.name().equals(input.name()) ? values : ordinary))
                .isPresent();
    }

    /** Where no value of an input that is tried makes a difference, none that it would make to others is seen either. */
    private void requireInfluence(NamedSpec input) throws NotJoinedException {
        Answered one = answered(1, sizes, this::usual);
        List<Function<NamedSpec, SampleValues>> tried = List.of(
                this::usual,
                this::larger,
                this::largest,
                this::alike,
                this::alike,
                this::alike,
                this::alike,
                this::usual);
        for (Function<NamedSpec, SampleValues> values : tried) {
            List<Tensor> other = request(1, sizes, values);
            List<Tensor> changed = one.request().stream()
                    .map(tensor -> tensor.name().equals(input.name()) ? named(other, input) : tensor)
                    .toList();
            Optional<List<Tensor>> answer = answer(changed);
            if (answer.isPresent()
                    && Sameness.strict().difference(one.answer(), answer.get()).isPresent()) {
                return;
            }
        }
        throw new NotJoinedException("its samples of the input '" + OneLine.name(input.name())
                + "' make no difference to the answers, so that none to those of others can be seen");
    }

    private static Tensor named(List<Tensor> request, NamedSpec input) {
        return request.stream()
                .filter(tensor -> tensor.name().equals(input.name()))
                .findFirst()
                .orElseThrow();
    }

    /** A row that runs for long would make the rows joined with it wait. */
    private Optional<List<Tensor>> answerInTime(List<Tensor> request) throws NotJoinedException {
        Optional<List<Tensor>> answer = answer(request);
        long least = lastNanos;
        for (int i = 0; answer.isPresent() && i < 2 && isTooSlow(least); i++) {
            answer = answer(request);
            least = Math.min(least, lastNanos);
        }
        if (answer.isPresent() && isTooSlow(least)) {
            throw new NotJoinedException("a run takes " + least / 1_000_000 + " ms instead of " + usualNanos / 1_000_000
                    + " ms where an input's values are large");
        }
        return answer;
    }

    private boolean isTooSlow(long nanos) {
        return nanos > SLOWER * usualNanos + SLOW;
    }

    private List<SampleSizes> otherSizes() throws NotJoinedException {
        List<SampleSizes> others = new ArrayList<>();
        for (SampleSizes candidate : SampleSizes.candidates(inputs)) {
            boolean isAffordable = candidate.elementsInRow(inputs) <= 4 * sizes.elementsInRow(inputs);
            boolean isOther =
                    inputs.stream().anyMatch(input -> !Arrays.equals(candidate.shape(input, 1), sizes.shape(input, 1)));
            if (others.size() < MOST_SIZES - 1
                    && isAffordable
                    && isOther
                    && answer(request(1, candidate, this::usual)).isPresent()) {
                others.add(candidate);
            }
        }
        return others;
    }

    // Values for each input.

    private Reach reachOf(NamedSpec input) {
        return reach.getOrDefault(input.name(), new Reach(0, 1, 1));
    }

    private SampleValues usual(NamedSpec input) {
        return ordinary;
    }

    /** Larger than usual, so that what happens beyond a threshold is seen. */
    private SampleValues larger(NamedSpec input) {
        Reach found = reachOf(input);
        return ordinary.withFractions(any -> any.nextGaussian() * Math.min(found.scale(), 1e2))
                .withWholes(SampleValues.between(Math.max(found.least(), -99), Math.min(found.most(), 99)));
    }

    private SampleValues largest(NamedSpec input) {
        Reach found = reachOf(input);
        return ordinary.withFractions(any -> any.nextGaussian() * found.scale())
                .withWholes(SampleValues.between(found.least(), found.most()));
    }

    /** Of one value or one sign, as masks and blank pictures are; random elements hardly ever are. */
    private SampleValues alike(NamedSpec input) {
        Reach found = reachOf(input);
        long most = Math.min(found.most(), 9);
        long least = Math.max(found.least(), -9);
        int asked = alike++;
        // Each input has each sort in turn, and the inputs of one request have different ones.
        return switch ((asked / inputs.size() + asked % inputs.size()) % 5) {
            case 0 -> SampleValues.constant(0, 0, "0");
            case 1 -> SampleValues.constant(1, 1, "1");
            case 2 ->
                ordinary.withFractions(any -> Math.abs(any.nextGaussian()))
                        .withWholes(SampleValues.between(Math.min(1, most), most));
            case 3 ->
                ordinary.withFractions(any -> -Math.abs(any.nextGaussian()))
                        .withWholes(SampleValues.between(least, Math.max(-1, least)));
            default -> ordinary;
        };
    }

    private SampleValues extreme(NamedSpec input, double fraction, double whole, String text) {
        Reach found = reachOf(input);
        long number = whole > 0 ? found.most() : whole < 0 ? found.least() : 0;
        double huge = input.spec().type() == TensorType.FP64 ? 1e300 : 1e30;
        return SampleValues.constant(
                Double.isFinite(fraction) && Math.abs(fraction) == Double.MAX_VALUE
                        ? Math.copySign(huge, fraction)
                        : fraction,
                number,
                text);
    }

    private List<Function<NamedSpec, SampleValues>> extremes() {
        return List.of(
                input -> extreme(input, 1e4, 1, "9999999999"),
                input -> extreme(input, -1e4, -1, "-1"),
                input -> extreme(input, Double.MAX_VALUE, 1, "z".repeat(1000)),
                input -> extreme(input, -Double.MAX_VALUE, -1, "9".repeat(300)),
                input -> extreme(input, Double.NaN, 0, "NaN"),
                input -> extreme(input, Double.POSITIVE_INFINITY, 1, ""),
                input -> extreme(input, Double.NEGATIVE_INFINITY, -1, "0"),
                input -> extreme(input, 0, 0, "0"),
                input -> extreme(input, TINY, 1, SEVERAL_WORDS),
                input -> extreme(input, -TINY, -1, SEVERAL_WORDS.repeat(9)));
    }

    // Comparisons.

    /** Some requests, each alone, and together in several ways. */
    private List<Answered> compare(
            SampleSizes of, Function<NamedSpec, SampleValues> values, List<Integer> rowsOfRequests)
            throws NotJoinedException {
        List<Answered> samples = new ArrayList<>();
        for (int rows : rowsOfRequests) {
            samples.add(answered(rows, of, values));
        }
        Sameness same = Sameness.among(samples.stream().map(Answered::answer).toList());
        together(samples, same, "beside other requests");
        List<Answered> reversed = new ArrayList<>(samples);
        Collections.reverse(reversed);
        together(reversed, same, "in another order");
        if (!isSlow()) {
            Collections.shuffle(reversed, random);
            together(reversed, same, "in another order");
        }
        List<Answered> twice = new ArrayList<>(isSlow() ? samples.subList(0, 2) : samples);
        twice.addAll(List.copyOf(twice));
        together(twice, same, "beside a copy of itself");
        return samples;
    }

    /** A sample that the model takes, which of random values are not all. */
    private Answered answered(int rows, SampleSizes of, Function<NamedSpec, SampleValues> values)
            throws NotJoinedException {
        for (int i = 0; i < MOST_TRIES; i++) {
            List<Tensor> request = request(rows, of, i < MOST_TRIES - 1 ? values : this::usual);
            Optional<List<Tensor>> answer = answer(request);
            if (answer.isPresent()) {
                return new Answered(request, answer.get());
            }
        }
        throw failed("the model does not take its samples");
    }

    private void together(List<Answered> samples, Sameness same, String how) throws NotJoinedException {
        List<List<Tensor>> answers =
                joined(samples.stream().map(Answered::request).toList());
        for (int i = 0; i < samples.size(); i++) {
            require(same, samples.get(i).answer(), answers.get(i), "an answer is another one " + how);
        }
    }

    /** Rows at the same places in batches of the same sizes, where only the values beside them differ. */
    private void besideExtremes(Function<NamedSpec, SampleValues> values) throws NotJoinedException {
        List<Tensor> one = answered(1, sizes, values).request();
        List<Tensor> other = answered(1, sizes, values).request();
        List<Tensor> neighbour = answered(1, sizes, values).request();
        List<List<Tensor>> expected = joined(List.of(neighbour, one, neighbour, other, neighbour));
        for (Function<NamedSpec, SampleValues> extremes : extremes()) {
            for (List<Tensor> extreme : taken(extremes)) {
                List<List<Tensor>> found = joined(List.of(extreme, one, extreme, other, extreme));
                for (int i : new int[] {1, 3}) {
                    require(
                            Sameness.strict(),
                            expected.get(i),
                            found.get(i),
                            "an answer moves with the values of its neighbours");
                }
            }
        }
    }

    /** An extreme request; where the model refuses it, those in which only some inputs are extreme. */
    private List<List<Tensor>> taken(Function<NamedSpec, SampleValues> extremes) throws NotJoinedException {
        List<Tensor> all = request(1, sizes, extremes);
        if (answerInTime(all).isPresent()) {
            return List.of(all);
        }
        List<List<Tensor>> some = new ArrayList<>();
        for (NamedSpec input : inputs) {
            List<Tensor> request =
                    request(1, sizes, any -> any.name().equals(input.name()) ? extremes.apply(any) : ordinary);
            if (inputs.size() > 1 && answerInTime(request).isPresent()) {
                some.add(request);
            }
        }
        return some;
    }

    /** As many rows at once as may come; where that takes too long, fewer, and then no more are ever joined. */
    private void inAllNumbers(List<Answered> samples) throws NotJoinedException {
        List<Answered> rows = samples.stream()
                .filter(sample -> batches.rows(sample.request()) == 1)
                .toList();
        Sameness same = Sameness.among(rows.stream().map(Answered::answer).toList());
        int target = Math.max(LEAST_ROWS, (int) Math.min(MOST_ROWS, 4L * batchSize));
        double most = MOST_ELEMENTS / 4 / sizes.elementsInRow(inputs);
        for (int count = 2; count <= target; count = next(count)) {
            long left = patience.toNanos() - (System.nanoTime() - started);
            if (count > most || count * usualNanos > left / 4) {
                return;
            }
            together(
                    IntStream.range(0, count)
                            .mapToObj(i -> rows.get(i % rows.size()))
                            .toList(),
                    same,
                    "among " + count);
        }
    }

    private int next(int count) {
        int next = count < (usualNanos < SHORT_RUN ? LEAST_ROWS : 16) && !isSlow() ? count + 1 : 2 * count;
        return count < batchSize && batchSize < next ? batchSize : next;
    }

    // Runs.

    private List<Tensor> request(int rows, SampleSizes of, Function<NamedSpec, SampleValues> values) {
        List<Tensor> request = new ArrayList<>();
        for (NamedSpec input : inputs) {
            long[] shape = of.shape(input, rows);
            long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
            TensorType type = input.spec().type();
            request.add(new Tensor(
                    input.name(), type, shape, values.apply(input).elements(type, Math.toIntExact(count), random)));
        }
        return request;
    }

    /** The answer to a request alone; empty if the model refuses it. */
    private Optional<List<Tensor>> answer(List<Tensor> request) throws NotJoinedException {
        Optional<List<Tensor>> answer = run(Batches.alone(request));
        if (answer.isPresent()) {
            requireRows(answer.get(), batches.rows(request));
        }
        return answer;
    }

    private List<List<Tensor>> joined(List<List<Tensor>> requests) throws NotJoinedException {
        int[] rows = requests.stream().mapToInt(batches::rows).toArray();
        List<Tensor> outputs =
                run(batches.parts(requests)).orElseThrow(() -> failed("requests that succeed alone fail together"));
        requireRows(outputs, rows);
        mostRows = Math.max(mostRows, IntStream.of(rows).sum());
        return batches.split(outputs, rows);
    }

    private Optional<List<Tensor>> run(Map<String, List<Tensor>> parts) throws NotJoinedException {
        requireTime(System.nanoTime());
        runs++;
        long before = cpuNanos();
        try {
            return Optional.of(engine.run(parts));
        } catch (RuntimeException e) {
            // That of a run which was ended because the time is over says nothing of the model.
            requireTime(System.nanoTime());
            failure = OneLine.of(e);
            return Optional.empty();
        } finally {
            lastNanos = cpuNanos() - before;
        }
    }

    /** The thread's own time where the JVM knows it, for on a busy machine the clock says little of a run. */
    private static long cpuNanos() {
        return THREADS.isCurrentThreadCpuTimeSupported() && THREADS.isThreadCpuTimeEnabled()
                ? THREADS.getCurrentThreadCpuTime()
                : System.nanoTime();
    }

    private void requireTime(long now) throws NotJoinedException {
        if (now - started >= patience.toNanos()) {
            throw new NotJoinedException(
                    "it takes longer than " + patience.toMillis() + " ms, after " + runs + " runs");
        }
    }

    private void requireRows(List<Tensor> outputs, int... rows) throws NotJoinedException {
        if (!batches.canSplit(outputs, rows)) {
            throw new NotJoinedException("the outputs " + outputs + " do not have the rows of the requests, "
                    + IntStream.of(rows).sum());
        }
    }

    private static void require(Sameness same, List<Tensor> expected, List<Tensor> found, String what)
            throws NotJoinedException {
        Optional<String> difference = same.difference(expected, found);
        if (difference.isPresent()) {
            throw new NotJoinedException(what + ": " + difference.get());
        }
    }

    private NotJoinedException failed(String what) {
        return new NotJoinedException(what + ": " + failure);
    }
}
