package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;

/** When a write that failed is made again, and whether it is made by a transaction; for one serializer. */
final class Attempts {

    private static final Logger log = LoggerFactory.getLogger(Attempts.class);
    private static final int SHORTEST_PAUSE_MS = 20;
    private static final int LONGEST_PAUSE_MS = 400;

    private final Duration attemptTimeout;
    private final Failures failures;
    private volatile boolean transactions;

    Attempts(DdbOptions options, Failures failures) {
        this.attemptTimeout = options.attemptTimeout();
        this.failures = failures;
        this.transactions = options.transactions();
    }

    /** Whether the service has transactions, as far as it is known. */
    boolean transactions() {
        return transactions;
    }

    /** Whether a write that was refused should be made again, after reading anew what it depends on. */
    boolean mayBeTriedAgain(AwsServiceException refusal) {
        if (transactions && Failures.isUnknownOperation(refusal)) {
            log.info("This DynamoDB has no transactions; saves are published by the head alone from now on");
            transactions = false;
            return true;
        }
        return refusal instanceof ConditionalCheckFailedException
                || Failures.isRefusedByCondition(refusal)
                || Failures.isPassing(refusal);
    }

    /**
     * Waits a moment, a random and growing one, so that two hosts do not meet again.
     *
     * @param refusal of the last try
     * @throws StoreUnavailableException if there is no time for another try
     */
    void pause(int tries, Deadline deadline, String what, AwsServiceException refusal) {
        long most = Math.min(LONGEST_PAUSE_MS, (long) SHORTEST_PAUSE_MS << Math.min(tries, 10));
        Pause.of(Duration.ofMillis(ThreadLocalRandom.current().nextLong(1, most + 1)));
        if (deadline.earlierBy(attemptTimeout).isOver()) {
            throw failures.unavailable(what, refusal);
        }
    }
}
