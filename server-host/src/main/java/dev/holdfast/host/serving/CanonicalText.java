package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.state.StateReference;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A text that says what is served, once for each value: two states share a text if and only if they are equal.
 *
 * <p>Every text in it has its length before it ({@code 5:digit}), every number and every count an end ({@code 12;}), and
 * what is absent is a {@code -} where what is there is a {@code +}, so that no value can be taken for another. Times are
 * written as a snapshot keeps them: delays in milliseconds, time-outs in seconds, the time of a save in milliseconds. The
 * order is that of the sorted maps of {@link ServingState}. What models have learned is not in it.
 */
final class CanonicalText {

    /** Another layout gets another name, so that its digests are other ones too. */
    private static final String LAYOUT = "holdfast-served-1";

    private final StringBuilder text = new StringBuilder();

    private CanonicalText() {}

    /** All models, with the digests of archives that are known, and all named saves. */
    static String of(ServingState state) {
        CanonicalText all =
                new CanonicalText().text(LAYOUT).number(state.models().size());
        state.models().forEach((name, model) -> {
            all.text(name).text(model.defaultVersion()).number(model.versions().size());
            model.versions()
                    .forEach((version, settings) ->
                            all.text(version).settings(settings).optional(settings.archiveSha256()));
        });
        return all.saves(state).text.toString();
    }

    /** All named saves. */
    static String ofSaves(ServingState state) {
        return new CanonicalText().saves(state).text.toString();
    }

    /** How a version is served, without the digest of its archive. */
    static String of(ServedVersion version) {
        return new CanonicalText().settings(version).text.toString();
    }

    /** What was saved of one model under one id. */
    static String of(List<ModelSave> generations) {
        return new CanonicalText().generations(generations).text.toString();
    }

    private CanonicalText settings(ServedVersion version) {
        return text(version.archive())
                .number(version.minWorkers())
                .number(version.maxWorkers())
                .number(version.batchSize())
                .number(version.maxBatchDelay().toMillis())
                .seconds(version.responseTimeout())
                .seconds(version.startupTimeout())
                .text(version.runtimeType())
                .optional(version.handler())
                .optional(version.url())
                .batching(version.batching())
                .resting(version.resting());
    }

    /** Nothing for what a state says nothing of, so that older states keep their digests. */
    private CanonicalText batching(Batching wish) {
        if (wish != Batching.AUTO) {
            text.append('b');
            text(wish.text());
        }
        return this;
    }

    /** Nothing for a version that has workers, or had none before, for the same reason. */
    private CanonicalText resting(Optional<ServedVersion.Workers> had) {
        had.ifPresent(workers -> {
            text.append('r');
            number(workers.min()).number(workers.max());
        });
        return this;
    }

    private CanonicalText saves(ServingState state) {
        number(state.saves().size());
        state.saves().forEach((model, ids) -> {
            text(model).number(ids.size());
            ids.forEach((id, generations) -> text(id).generations(generations));
        });
        return this;
    }

    private CanonicalText generations(List<ModelSave> generations) {
        number(generations.size());
        generations.forEach(save ->
                text(save.version()).number(save.savedOn().toEpochMilli()).state(save.state()));
        return this;
    }

    private CanonicalText state(StateReference state) {
        return text(state.format().name())
                .number(state.format().version())
                .text(state.format().fingerprint())
                .number(state.bytes())
                .number(state.chunks())
                .text(state.root().id())
                .number(state.root().depth());
    }

    private CanonicalText seconds(Duration duration) {
        return number(duration.toSeconds());
    }

    private CanonicalText optional(Optional<String> value) {
        text.append(value.isPresent() ? '+' : '-');
        value.ifPresent(this::text);
        return this;
    }

    private CanonicalText text(String value) {
        text.append(value.length()).append(':').append(value);
        return this;
    }

    private CanonicalText number(long value) {
        text.append(value).append(';');
        return this;
    }
}
