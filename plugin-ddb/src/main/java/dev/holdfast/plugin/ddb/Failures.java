package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.StoreUnavailableException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.model.CancellationReason;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.TransactionCanceledException;

/** What the SDK's exceptions mean to an operator: one line that says what is wrong, and what to do about it. */
final class Failures {

    /** What an operator can do about throttling. */
    static final String CAPACITY = "The table's capacity is used up: raise it, or set the table to on-demand";

    private static final Set<String> DENIED = Set.of("AccessDeniedException", "AccessDenied");
    private static final Set<String> BAD_CREDENTIALS = Set.of(
            "UnrecognizedClientException",
            "InvalidSignatureException",
            "IncompleteSignatureException",
            "MissingAuthenticationTokenException",
            "InvalidClientTokenId",
            "SignatureDoesNotMatch");
    private static final Set<String> EXPIRED = Set.of("ExpiredTokenException", "ExpiredToken", "RequestExpired");
    private static final Set<String> THROTTLED = Set.of(
            "ProvisionedThroughputExceededException",
            "ThrottlingException",
            "RequestLimitExceeded",
            "Throttling",
            "ThrottlingError",
            "ProvisionedThroughputExceeded");

    private static final Pattern OTHER_KEYS =
            Pattern.compile("key element|key schema|required keys|[Mm]issing (the|one of the) key");

    private final String where;
    private final Cures cures;

    /**
     * What is said of the tables at hand.
     *
     * @param noTable that one is missing, and how it is made
     * @param noIndex that an index is missing, and how it is made
     * @param otherIndex that an index has another key, and how to mend that
     * @param otherKeys that a table has other keys, and how to come to one that has the right ones
     * @param patience the key and the value of the time that a call has
     */
    private record Cures(String noTable, String noIndex, String otherIndex, String otherKeys, String patience) {}

    private Failures(String where, Cures cures) {
        this.where = where;
        this.cures = cures;
    }

    /** @param where the service is, as messages say it */
    static Failures ofSnapshots(DdbOptions options, String where) {
        String tables = options.layout() == Layout.ONE_TABLE
                ? options.table()
                : options.table() + ", or no table " + options.latestTable();
        return new Failures(
                where,
                new Cures(
                        noTable(tables, Tables.command(options)),
                        "table " + options.table() + " has no index " + Tables.INDEX + ". Add it: "
                                + Tables.indexCommand(options),
                        "index " + Tables.INDEX + " of table " + options.table()
                                + " does not have the range key createdOn, without which it has no order. Make it anew: "
                                + Tables.indexAnewCommands(options),
                        otherKeys(TableShape.ofSnapshots(options)),
                        patience(options, "total-timeout", options.totalTimeout())));
    }

    /** The same for what models have learned. */
    static Failures ofChunks(DdbOptions options, String where) {
        String noIndex = "table " + options.chunkTable() + " has no index " + ChunkTable.INDEX + " by "
                + ChunkTable.GROUP + " and " + ChunkTable.ENTRY
                + ", and an index of this kind cannot be added. Make another table and set snapshot.ddb.chunk-table, or"
                + " delete this one, if it is empty, and make it: " + Tables.chunkCommand(options);
        return new Failures(
                where,
                new Cures(
                        noTable(options.chunkTable(), Tables.chunkCommand(options)),
                        noIndex,
                        noIndex,
                        otherKeys(List.of(TableShape.ofChunks(options))),
                        patience(options, "chunk-timeout", options.chunkTimeout())));
    }

    private static String otherKeys(List<TableShape> shapes) {
        TableShape last = shapes.get(shapes.size() - 1);
        return "it must be so that "
                + String.join("; that ", shapes.stream().map(TableShape::said).toList()) + ". " + last.another();
    }

    private static String noTable(String tables, String command) {
        return "there is no table " + tables + ". Make it, or set snapshot.ddb.create-table=true: " + command;
    }

    private static String patience(DdbOptions options, String key, Duration time) {
        return "snapshot.ddb.attempt-timeout " + options.attemptTimeout().toMillis() + " ms, snapshot.ddb." + key + " "
                + time.toMillis() + " ms";
    }

    /**
     * The failure of a request.
     *
     * @param what was to be done, such as {@code The last snapshot could not be read}
     */
    StoreUnavailableException unavailable(String what, SdkException e) {
        return new StoreUnavailableException(what + " (DynamoDB at " + where + "): " + reason(e), e);
    }

    /** @param defects what is wrong with a table, and the command that mends it */
    StoreUnavailableException unusable(String defects) {
        return new StoreUnavailableException(
                "The store is not as plugin ddb needs it (DynamoDB at " + where + "): " + defects);
    }

    private String reason(SdkException e) {
        if (e instanceof AwsServiceException answer) {
            return ofService(answer);
        }
        if (e instanceof ApiCallTimeoutException
                || e instanceof ApiCallAttemptTimeoutException
                || root(e) instanceof SocketTimeoutException) {
            return "it did not answer in time (" + cures.patience() + ")";
        }
        if (e instanceof AbortedException) {
            return "the call was interrupted";
        }
        String text = oneLine(e.getMessage());
        if (text.contains("credentials")) {
            // First what to do: the client lists all places where it has looked.
            return "the host has no credentials for it. Give it AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile in"
                    + " ~/.aws, or the role of its container or instance. The client says: " + text;
        }
        return "it cannot be reached. Is it running, and is the network open? snapshot.ddb.endpoint and"
                + " snapshot.ddb.region say where it is looked for. The client says: " + text + cause(e);
    }

    private static String cause(Throwable e) {
        Throwable root = root(e);
        return root == e ? "" : " (" + oneLine(root.toString()) + ")";
    }

    private static Throwable root(Throwable e) {
        Throwable root = e;
        for (int depth = 0; root.getCause() != null && depth < 10; depth++) {
            root = root.getCause();
        }
        return root;
    }

    private String ofService(AwsServiceException e) {
        String code = code(e);
        String text = code + ": " + message(e);
        if (code.equals("ResourceNotFoundException")) {
            return cures.noTable();
        }
        if (isMissingIndex(e)) {
            return cures.noIndex();
        }
        if (code.equals("ValidationException") && message(e).contains("key condition")) {
            return cures.otherIndex();
        }
        if (code.equals("ValidationException") && OTHER_KEYS.matcher(message(e)).find()) {
            return text + ": " + cures.otherKeys();
        }
        if (DENIED.contains(code)) {
            return text + ". The host's role needs the IAM policy of the manual, for the table and its index";
        }
        if (BAD_CREDENTIALS.contains(code)) {
            return text + ". The host's credentials are not valid for this account and region";
        }
        if (EXPIRED.contains(code)) {
            return text + ". The host's credentials have expired: renew them";
        }
        if (isThrottling(e)) {
            return text + ". " + CAPACITY;
        }
        if (isPassing(e) || e instanceof ConditionalCheckFailedException || isRefusedByCondition(e)) {
            return text + ". Other writes of this group were in the way each time (" + cures.patience() + ")";
        }
        return text + " (HTTP status " + e.statusCode() + ")";
    }

    private static boolean isMissingIndex(AwsServiceException e) {
        return code(e).equals("ValidationException") && message(e).contains("specified index");
    }

    /** Whether nothing is wrong but the moment: another write was under way, or too many were. */
    static boolean isPassing(AwsServiceException e) {
        if (e instanceof TransactionCanceledException cancelled) {
            List<String> reasons = reasons(cancelled);
            return reasons.contains("TransactionConflict") || reasons.stream().anyMatch(THROTTLED::contains);
        }
        return List.of("TransactionConflictException", "TransactionInProgressException")
                .contains(code(e));
    }

    /** Whether a transaction is refused because something in it is not as it was read. */
    static boolean isRefusedByCondition(AwsServiceException e) {
        return e instanceof TransactionCanceledException cancelled
                && reasons(cancelled).contains("ConditionalCheckFailed");
    }

    /** Whether more was asked for than the table's capacity gives. */
    static boolean isThrottling(AwsServiceException e) {
        return THROTTLED.contains(code(e))
                || (e instanceof TransactionCanceledException cancelled
                        && reasons(cancelled).stream().anyMatch(THROTTLED::contains));
    }

    static List<String> reasons(TransactionCanceledException e) {
        return e.cancellationReasons().stream()
                .map(CancellationReason::code)
                .map(String::valueOf)
                .toList();
    }

    /** Whether asking again would be of no use: there is no right to it, or the implementation does not know it. */
    static boolean isRefusedForGood(AwsServiceException e) {
        return DENIED.contains(code(e)) || isUnknownOperation(e);
    }

    /** Why a table could not be looked at, and what to do about it. */
    static String withoutRightToDescribe(AwsServiceException e) {
        return "the host may not describe it (" + code(e) + ": " + message(e)
                + "). Allow it dynamodb:DescribeTable, which the IAM policy of the manual has, or look yourself";
    }

    /** Whether the implementation does not know what it was asked for. */
    static boolean isUnknownOperation(AwsServiceException e) {
        return code(e).equals("UnknownOperationException");
    }

    private static String code(AwsServiceException e) {
        return e.awsErrorDetails() == null || e.awsErrorDetails().errorCode() == null
                ? e.getClass().getSimpleName()
                : e.awsErrorDetails().errorCode();
    }

    private static String message(AwsServiceException e) {
        return oneLine(
                e.awsErrorDetails() == null
                        ? e.getMessage()
                        : e.awsErrorDetails().errorMessage());
    }

    private static String oneLine(@Nullable String text) {
        return text == null
                ? "no message"
                : text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    }
}
