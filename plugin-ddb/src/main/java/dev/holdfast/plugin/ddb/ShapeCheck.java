package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.StoreUnavailableException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * One look at the tables before the first call that uses them: whether they are as this plugin needs them.
 *
 * <p>A table that is not is refused at every call, each time with a new look, so that a mended one is taken without a
 * restart. A look that fails is no obstacle, since the call itself fails then too and says why; the next call looks again. A
 * table that is missing is as it should be as soon as somebody makes it.
 */
final class ShapeCheck {

    private static final Logger log = LoggerFactory.getLogger(ShapeCheck.class);

    private final Tables tables;
    private final Failures failures;
    private final Consumer<String> warning;
    private final List<TableShape> shapes;
    private final AtomicBoolean done = new AtomicBoolean();

    /** @param warning takes what is no obstacle */
    ShapeCheck(Tables tables, Failures failures, List<TableShape> shapes, Consumer<String> warning) {
        this.tables = tables;
        this.failures = failures;
        this.shapes = shapes;
        this.warning = warning;
    }

    /** @throws StoreUnavailableException if a table cannot be used as it is; with the command that mends it */
    void check(Deadline deadline) {
        if (done.get()) {
            return;
        }
        try {
            for (TableShape shape : shapes) {
                TableShape.Finding found = shape.compare(tables.described(shape.table(), deadline));
                if (!found.defects().isEmpty()) {
                    throw failures.unusable(found.defects());
                }
                if (!found.warning().isEmpty()) {
                    warning.accept(found.warning());
                }
            }
            done.set(true);
        } catch (SdkException e) {
            if (e instanceof AwsServiceException answer && Failures.isRefusedForGood(answer) && !done.getAndSet(true)) {
                log.warn("Not checked: that {}, since {}", said(), Failures.withoutRightToDescribe(answer));
            }
            log.debug("The tables could not be looked at", e);
        }
    }

    private String said() {
        return String.join("; that ", shapes.stream().map(TableShape::said).toList());
    }
}
