package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.ConditionalCheckFailedException;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.WriteRequest;

/**
 * The requests to the table of chunks, each within a deadline.
 *
 * <p>What DynamoDB leaves of a batch for later is asked for again, after growing random pauses, until the deadline. A
 * batch is small enough that only a lack of capacity is a reason to leave something.
 *
 * <p>A table that is missing has no chunks: who looks for some finds none, so that a host whose models learn nothing needs
 * no table. Only a put makes it, where the operator allows that.
 */
final class ChunkTable {

    static final String GROUP = "chunkGroup";
    static final String ID = "chunkId";
    /** The id once more: the range of the index. */
    static final String ENTRY = "entry";

    static final String PUT = "put";
    static final String CONTENT = "content";
    static final String INDEX = "entry-index";

    /** As many as one batch may write; with the largest chunks 7.5 MB, of 16 that a request or a reply may have. */
    private static final int BATCH = 25;

    private static final int SHORTEST_PAUSE_MS = 50;
    private static final int LONGEST_PAUSE_MS = 3000;

    private final DynamoDbClient client;
    private final DdbOptions options;
    private final Failures failures;
    private final Tables tables;
    private final String name;

    ChunkTable(DynamoDbClient client, DdbOptions options, Failures failures, Tables tables) {
        this.client = client;
        this.options = options;
        this.failures = failures;
        this.tables = tables;
        this.name = options.chunkTable();
    }

    String name() {
        return name;
    }

    static Map<String, AttributeValue> key(String hash, String id) {
        return Map.of(GROUP, AttributeValue.fromS(hash), ID, AttributeValue.fromS(id));
    }

    /** Puts what {@code item} makes of each id, when it is sent. */
    void put(Collection<String> ids, Function<String, Item> item, Deadline deadline) {
        String what = "Chunks could not be stored in " + name;
        inBatches(what, ids, deadline, batch -> {
            List<WriteRequest> writes = batch.stream()
                    .map(id -> WriteRequest.builder()
                            .putRequest(put -> put.item(item.apply(id).attributes()))
                            .build())
                    .toList();
            return write(what, writes, deadline).stream()
                    .map(left -> Item.of(left.putRequest().item()))
                    .map(ChunkTable::id)
                    .toList();
        });
    }

    private List<WriteRequest> write(String what, List<WriteRequest> writes, Deadline deadline) {
        try {
            return writeOnce(writes, deadline);
        } catch (ResourceNotFoundException e) {
            if (!options.createTable()) {
                throw failures.unavailable(what, e);
            }
            tables.makeForChunks(deadline);
            return writeOnce(writes, deadline);
        }
    }

    private List<WriteRequest> writeOnce(List<WriteRequest> writes, Deadline deadline) {
        return client.batchWriteItem(request ->
                        request.requestItems(Map.of(name, writes)).overrideConfiguration(withContent(deadline)))
                .unprocessedItems()
                .getOrDefault(name, List.of());
    }

    /** Hands over the items that are there, by strongly consistent reads; of a table that is missing, none. */
    void get(Collection<String> ids, Function<String, String> hash, Consumer<Item> found, Deadline deadline) {
        String what = "Chunks could not be read from " + name;
        inBatches(what, ids, deadline, batch -> {
            KeysAndAttributes keys = KeysAndAttributes.builder()
                    .keys(batch.stream().map(id -> key(hash.apply(id), id)).toList())
                    .consistentRead(true)
                    .build();
            try {
                BatchGetItemResponse response = client.batchGetItem(request ->
                        request.requestItems(Map.of(name, keys)).overrideConfiguration(withContent(deadline)));
                response.responses().getOrDefault(name, List.of()).forEach(item -> found.accept(Item.of(item)));
                KeysAndAttributes left = response.unprocessedKeys().get(name);
                return left == null
                        ? List.of()
                        : left.keys().stream().map(Item::of).map(ChunkTable::id).toList();
            } catch (ResourceNotFoundException e) {
                if (!options.createTable()) {
                    // Somebody relies on chunks; that the table is missing says more than that each chunk is.
                    throw failures.unavailable(what, e);
                }
                return List.of();
            }
        });
    }

    /** Some entries of one hash in the order of their ids, without contents, and whether there may be more. */
    record Entries(List<Item> items, boolean more) {}

    /** The entries of a hash from one id to another, both included; at most {@code limit}, by a strongly consistent read. */
    Entries entries(String hash, String from, String to, int limit, Deadline deadline) {
        QueryRequest.Builder query = QueryRequest.builder()
                .tableName(name)
                .indexName(INDEX)
                .consistentRead(true)
                .limit(limit)
                .keyConditionExpression("#hash = :hash AND #entry BETWEEN :from AND :to")
                .expressionAttributeNames(Map.of("#hash", GROUP, "#entry", ENTRY))
                .expressionAttributeValues(Map.of(
                        ":hash", AttributeValue.fromS(hash),
                        ":from", AttributeValue.fromS(from),
                        ":to", AttributeValue.fromS(to)));
        try {
            QueryResponse response =
                    client.query(query.overrideConfiguration(within(deadline)).build());
            return new Entries(
                    response.items().stream().map(Item::of).toList(),
                    !response.lastEvaluatedKey().isEmpty());
        } catch (ResourceNotFoundException e) {
            return new Entries(List.of(), false);
        } catch (SdkException e) {
            throw failures.unavailable("The chunks in " + name + " could not be listed", e);
        }
    }

    /** Removes an item that was put before a moment; whether it was there and was removed. */
    boolean delete(String hash, String id, long putBefore, Deadline deadline) {
        try {
            client.deleteItem(request -> request.tableName(name)
                    .key(key(hash, id))
                    .conditionExpression("#put < :before")
                    .expressionAttributeNames(Map.of("#put", PUT))
                    .expressionAttributeValues(Map.of(":before", AttributeValue.fromN(Long.toString(putBefore))))
                    .overrideConfiguration(within(deadline)));
            return true;
        } catch (ConditionalCheckFailedException | ResourceNotFoundException e) {
            // It is not there, or is too young.
            return false;
        } catch (SdkException e) {
            throw failures.unavailable("Chunks could not be removed from " + name, e);
        }
    }

    /** @param request does a batch, and gives the ids of what is left of it */
    private void inBatches(
            String what, Collection<String> ids, Deadline deadline, Function<List<String>, List<String>> request) {
        Deque<String> waiting = new ArrayDeque<>(ids);
        int tries = 0;
        while (!waiting.isEmpty()) {
            List<String> batch = new ArrayList<>(BATCH);
            while (batch.size() < BATCH && !waiting.isEmpty()) {
                batch.add(waiting.remove());
            }
            List<String> left = requestOnce(what, batch, request);
            waiting.addAll(left);
            tries = left.isEmpty() ? 0 : tries + 1;
            if (tries > 0) {
                pause(what, tries, waiting.size(), deadline);
            }
        }
    }

    private List<String> requestOnce(String what, List<String> batch, Function<List<String>, List<String>> request) {
        try {
            return request.apply(batch);
        } catch (SdkException e) {
            if (e instanceof AwsServiceException answer && Failures.isThrottling(answer)) {
                return batch;
            }
            throw failures.unavailable(what, e);
        }
    }

    private void pause(String what, int tries, int waiting, Deadline deadline) {
        long most = Math.min(LONGEST_PAUSE_MS, (long) SHORTEST_PAUSE_MS << Math.min(tries, 10));
        Duration pause = Duration.ofMillis(ThreadLocalRandom.current().nextLong(1, most + 1));
        if (deadline.left().compareTo(pause) <= 0) {
            throw new StoreUnavailableException(what + " within "
                    + options.chunkTimeout().toMillis() + " ms (snapshot.ddb.chunk-timeout): DynamoDB left " + waiting
                    + " of them for later. " + Failures.CAPACITY);
        }
        Pause.of(pause);
    }

    private static String id(Item item) {
        return item.string(ID).orElse("");
    }

    private static AwsRequestOverrideConfiguration within(Deadline deadline) {
        return configuration(deadline).build();
    }

    /** Megabytes over a slow line take longer than what {@code attempt-timeout} is meant for. */
    private AwsRequestOverrideConfiguration withContent(Deadline deadline) {
        Duration third = options.chunkTimeout().dividedBy(3);
        return configuration(deadline)
                .apiCallAttemptTimeout(third.compareTo(options.attemptTimeout()) > 0 ? third : options.attemptTimeout())
                .build();
    }

    private static AwsRequestOverrideConfiguration.Builder configuration(Deadline deadline) {
        if (deadline.isOver()) {
            throw ApiCallTimeoutException.create(0);
        }
        return AwsRequestOverrideConfiguration.builder().apiCallTimeout(deadline.left());
    }
}
