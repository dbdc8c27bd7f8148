package dev.holdfast.host;

import dev.holdfast.host.keeper.ServingSource;
import dev.holdfast.host.serving.LearnedStates;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.serving.SharedArchives;
import dev.holdfast.host.serving.StoredStates;
import dev.holdfast.host.state.StateReference;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the models of a host are to who keeps them. */
record HostServingSource(ModelServing serving, StoredStates stored, LearnedStates learned, SharedArchives shared)
        implements ServingSource {

    @Override
    public ServingState state() {
        return serving.state();
    }

    @Override
    public List<String> goOver(ServingState target) {
        return serving.reconcile(target, false);
    }

    @Override
    public void takeUp(Map<ServingComparison.Key, StateReference> taught) {
        serving.takeUp(taught);
    }

    @Override
    public List<String> failures() {
        return serving.failures();
    }

    @Override
    public void attachedAgain() {
        stored.doubtAll();
    }

    @Override
    public List<String> notices() {
        return Stream.concat(learned.notices().stream(), shared.notices().stream())
                .toList();
    }
}
