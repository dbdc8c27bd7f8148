package dev.holdfast.host.grpc;

import dev.holdfast.host.api.ModelOperations.Done;
import dev.holdfast.host.serving.InferenceStatistics;
import dev.holdfast.host.serving.InferenceStatistics.Times;
import dev.holdfast.protocol.openinference.InferBatchStatistics;
import dev.holdfast.protocol.openinference.InferStatistics;
import dev.holdfast.protocol.openinference.ModelStatistics;
import dev.holdfast.protocol.openinference.StatisticDuration;

/** What a model version has done, as the message for it. What nobody measures apart has its number and no time. */
final class StatisticsMessage {

    private StatisticsMessage() {}

    static ModelStatistics of(Done done) {
        InferenceStatistics statistics = done.statistics();
        StatisticDuration unmeasured = unmeasured(statistics.success().count());
        ModelStatistics.Builder message = ModelStatistics.newBuilder()
                .setName(done.model())
                .setVersion(done.version())
                .setLastInference(statistics.lastMillis())
                .setInferenceCount(statistics.success().count())
                .setExecutionCount(statistics.runs())
                .setInferenceStats(InferStatistics.newBuilder()
                        .setSuccess(times(statistics.success()))
                        .setFail(times(statistics.fail()))
                        .setQueue(times(statistics.queue()))
                        .setComputeInput(unmeasured)
                        .setComputeInfer(times(statistics.run()))
                        .setComputeOutput(unmeasured));
        statistics
                .batches()
                .forEach((size, runs) -> message.addBatchStats(InferBatchStatistics.newBuilder()
                        .setBatchSize(size)
                        .setComputeInput(unmeasured(runs.count()))
                        .setComputeInfer(times(runs))
                        .setComputeOutput(unmeasured(runs.count()))));
        return message.build();
    }

    private static StatisticDuration unmeasured(long count) {
        return StatisticDuration.newBuilder().setCount(count).build();
    }

    private static StatisticDuration times(Times times) {
        return StatisticDuration.newBuilder()
                .setCount(times.count())
                .setNs(times.nanos())
                .build();
    }
}
