package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.BatchGetItemResponse;
import software.amazon.awssdk.services.dynamodb.model.KeysAndAttributes;
import software.amazon.awssdk.services.dynamodb.model.QueryRequest;
import software.amazon.awssdk.services.dynamodb.model.QueryResponse;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.ScanRequest;
import software.amazon.awssdk.services.dynamodb.model.ScanResponse;
import software.amazon.awssdk.services.dynamodb.model.Select;
import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

/**
 * The requests that this plugin makes, each within a deadline.
 *
 * <p>What reads fails with {@link StoreUnavailableException}. What writes fails with the SDK's exception, because the
 * writer has to find out first what became of the write.
 */
final class Requests {

    private static final Logger log = LoggerFactory.getLogger(Requests.class);
    private static final int SOME = 1000;
    /** As many as the service takes at once. */
    private static final int MOST_KEYS = 100;

    private static final Duration BETWEEN_BATCHES = Duration.ofMillis(20);

    private final AtomicBoolean toldOfProjection = new AtomicBoolean();
    private final DynamoDbClient client;
    private final DdbOptions options;
    private final Failures failures;
    private final Tables tables;

    Requests(DynamoDbClient client, DdbOptions options, Failures failures, Tables tables) {
        this.client = client;
        this.options = options;
        this.failures = failures;
        this.tables = tables;
    }

    /** Some items, and where to go on. */
    record Page(List<Item> items, Optional<Map<String, AttributeValue>> next) {

        private static Page of(List<Map<String, AttributeValue>> items, @Nullable Map<String, AttributeValue> next) {
            return new Page(
                    items.stream().map(Item::of).toList(),
                    Optional.ofNullable(next).filter(key -> !key.isEmpty()));
        }
    }

    /** One item, by a strongly consistent read. */
    Optional<Item> get(String what, String table, ItemKey key, Deadline deadline) {
        return read(what, deadline, time -> {
            var response = client.getItem(request -> request.tableName(table)
                    .key(key.attributes())
                    .consistentRead(true)
                    .overrideConfiguration(time));
            return response.hasItem() ? Optional.of(Item.of(response.item())) : Optional.empty();
        });
    }

    /** The first item of a hash whose range is below {@code before}, by a strongly consistent read. */
    Optional<Item> first(String what, String hash, String before, Deadline deadline) {
        QueryRequest.Builder query = query(hash)
                .consistentRead(true)
                .limit(1)
                .keyConditionExpression("#hash = :hash AND #range < :before")
                .expressionAttributeNames(Map.of("#hash", Item.NAME, "#range", Item.CREATED_ON))
                .expressionAttributeValues(
                        Map.of(":hash", AttributeValue.fromS(hash), ":before", AttributeValue.fromS(before)));
        return query(what, query, deadline).items().stream().findFirst();
    }

    /** All items of a hash, in order, by strongly consistent reads. */
    List<Item> all(String what, String hash, Deadline deadline) {
        List<Item> all = new ArrayList<>();
        QueryRequest.Builder query = query(hash).consistentRead(true);
        while (true) {
            Page page = query(what, query, deadline);
            all.addAll(page.items());
            if (page.next().isEmpty()) {
                return all;
            }
            query.exclusiveStartKey(page.next().get());
        }
    }

    private QueryRequest.Builder query(String hash) {
        return QueryRequest.builder()
                .tableName(options.table())
                .keyConditionExpression("#hash = :hash")
                .expressionAttributeNames(Map.of("#hash", Item.NAME))
                .expressionAttributeValues(Map.of(":hash", AttributeValue.fromS(hash)));
    }

    /**
     * The newest items of a month, by the index, or by the month's list where there is no index.
     *
     * @param after the key that the page before ended with
     */
    Page newestOf(String what, String hash, Optional<Map<String, AttributeValue>> after, int limit, Deadline deadline) {
        boolean indexed = options.layout() == Layout.ONE_TABLE;
        QueryRequest.Builder query = query(hash).scanIndexForward(false).limit(limit);
        after.ifPresent(query::exclusiveStartKey);
        if (indexed) {
            // The condition on the range excludes nothing; an index without one would give any order, and refuses it.
            query.indexName(Tables.INDEX)
                    .keyConditionExpression("#hash = :hash AND #range >= :first")
                    .expressionAttributeNames(Map.of("#hash", Item.MONTH, "#range", Item.CREATED_ON))
                    .expressionAttributeValues(
                            Map.of(":hash", AttributeValue.fromS(hash), ":first", AttributeValue.fromS(" ")));
        } else {
            query.consistentRead(true);
        }
        Page page = query(what, query, deadline);
        return indexed ? new Page(whole(what, page.items(), deadline), page.next()) : page;
    }

    /** An index that does not have all attributes shows keys alone; what they stand for the table itself knows. */
    private List<Item> whole(String what, List<Item> items, Deadline deadline) {
        List<ItemKey> bare =
                items.stream().filter(item -> !isSnapshot(item)).map(Item::key).toList();
        if (bare.isEmpty()) {
            return items;
        }
        Map<ItemKey, Item> found = new HashMap<>();
        some(what, bare, deadline).forEach(item -> found.put(item.key(), item));
        if (found.values().stream().anyMatch(Requests::isSnapshot)) {
            tellOfProjection("Index " + Tables.INDEX + " of table " + options.table() + TableShape.NOT_ALL
                    + Tables.indexAnewCommands(options));
        }
        return items.stream().map(item -> found.getOrDefault(item.key(), item)).toList();
    }

    /** Once, whether it is seen by a look at the table or, where that is not allowed, by a list. */
    void tellOfProjection(String text) {
        if (!toldOfProjection.getAndSet(true)) {
            log.warn("{}", text);
        }
    }

    private static boolean isSnapshot(Item item) {
        return Stored.isOne(item) || item.has(TorchServeItem.TEXT);
    }

    private Page query(String what, QueryRequest.Builder query, Deadline deadline) {
        return read(what, deadline, time -> {
            QueryResponse response =
                    client.query(query.overrideConfiguration(time).build());
            return Page.of(response.items(), response.lastEvaluatedKey());
        });
    }

    /** The months of the first items of the index, whosesoever they are; in one request. */
    Page someOfIndex(String what, Deadline deadline) {
        return scan(
                what,
                ScanRequest.builder()
                        .tableName(options.table())
                        .indexName(Tables.INDEX)
                        .limit(SOME)
                        .projectionExpression("#month")
                        .expressionAttributeNames(Map.of("#month", Item.MONTH)),
                deadline);
    }

    /** Some of TorchServe's items, by reading the table; a page may have none and still name a next one. */
    Page textsOfTorchServe(String what, Optional<Map<String, AttributeValue>> after, Deadline deadline) {
        ScanRequest.Builder scan = ScanRequest.builder()
                .tableName(options.table())
                .consistentRead(true)
                .filterExpression("attribute_exists(#text)")
                .projectionExpression("#name, #createdOn, #text")
                .expressionAttributeNames(
                        Map.of("#name", Item.NAME, "#createdOn", Item.CREATED_ON, "#text", TorchServeItem.TEXT));
        after.ifPresent(scan::exclusiveStartKey);
        return scan(what, scan, deadline);
    }

    /** How many items of the group's snapshots have an attribute, by strongly consistent reads of the whole table. */
    long count(String what, GroupKeys keys, String attribute, Deadline deadline) {
        boolean alone = keys.isDefault();
        // Names of snapshots have no #; those of other groups, heads and lists of months do.
        Map<String, String> names = Map.of("#name", Item.NAME, "#attribute", attribute);
        Map<String, AttributeValue> values = alone
                ? Map.of(":hash", AttributeValue.fromS("#"))
                : Map.of(
                        ":own", AttributeValue.fromS(keys.group() + "#"),
                        ":others", AttributeValue.fromS(keys.group() + "##"));
        ScanRequest.Builder scan = ScanRequest.builder()
                .tableName(options.table())
                .consistentRead(true)
                .select(Select.COUNT)
                .filterExpression("attribute_exists(#attribute) AND "
                        + (alone
                                ? "NOT contains(#name, :hash)"
                                : "begins_with(#name, :own) AND NOT begins_with(#name, :others)"))
                .expressionAttributeNames(names)
                .expressionAttributeValues(values);
        long count = 0;
        while (true) {
            ScanResponse page = read(
                    what,
                    deadline,
                    time -> client.scan(scan.overrideConfiguration(time).build()));
            count += page.count();
            if (!page.hasLastEvaluatedKey() || page.lastEvaluatedKey().isEmpty()) {
                return count;
            }
            scan.exclusiveStartKey(page.lastEvaluatedKey());
        }
    }

    /** Those of some items that are there, by strongly consistent reads, in no order. */
    List<Item> some(String what, List<ItemKey> keys, Deadline deadline) {
        List<Item> found = new ArrayList<>();
        for (int from = 0; from < keys.size(); from += MOST_KEYS) {
            List<ItemKey> part = keys.subList(from, Math.min(keys.size(), from + MOST_KEYS));
            Map<String, KeysAndAttributes> wanted = Map.of(
                    options.table(),
                    KeysAndAttributes.builder()
                            .keys(part.stream().map(ItemKey::attributes).toList())
                            .consistentRead(true)
                            .build());
            while (!wanted.isEmpty()) {
                Map<String, KeysAndAttributes> now = wanted;
                BatchGetItemResponse answer = read(
                        what,
                        deadline,
                        time -> client.batchGetItem(
                                request -> request.requestItems(now).overrideConfiguration(time)));
                answer.responses().values().forEach(items -> items.forEach(item -> found.add(Item.of(item))));
                // What the service did not come to: too much for one answer, or more than the capacity allows.
                wanted = answer.hasUnprocessedKeys() ? answer.unprocessedKeys() : Map.of();
                if (!wanted.isEmpty()) {
                    Pause.of(BETWEEN_BATCHES);
                }
            }
        }
        return found;
    }

    private Page scan(String what, ScanRequest.Builder scan, Deadline deadline) {
        return read(what, deadline, time -> {
            ScanResponse response = client.scan(scan.overrideConfiguration(time).build());
            return Page.of(response.items(), response.lastEvaluatedKey());
        });
    }

    /** @throws SdkException as the SDK does */
    void put(Item item, Deadline deadline) {
        write(
                deadline,
                time -> client.putItem(request -> request.tableName(options.table())
                        .item(item.attributes())
                        .overrideConfiguration(time)));
    }

    /** Puts the head, if it is still the one that it takes the place of. */
    void putHead(Item item, Condition condition, Deadline deadline) {
        write(
                deadline,
                time -> client.putItem(request -> {
                    request.tableName(options.latestTable())
                            .item(item.attributes())
                            .conditionExpression(condition.expression())
                            .expressionAttributeNames(condition.names())
                            .overrideConfiguration(time);
                    if (!condition.values().isEmpty()) {
                        request.expressionAttributeValues(condition.values());
                    }
                }));
    }

    void delete(ItemKey key, Deadline deadline) {
        delete(options.table(), key, deadline);
    }

    void delete(String table, ItemKey key, Deadline deadline) {
        write(
                deadline,
                time -> client.deleteItem(request ->
                        request.tableName(table).key(key.attributes()).overrideConfiguration(time)));
    }

    /** Deletes parts of texts that nothing refers to; they cost their storage alone, so a failure is no obstacle. */
    void deleteParts(List<Item> parts, Deadline deadline) {
        try {
            parts.forEach(part -> delete(part.key(), deadline));
        } catch (SdkException e) {
            log.warn(
                    "Items in {} that hold parts of a removed text could not be removed: {}",
                    options.table(),
                    e.getMessage());
        }
    }

    void transact(List<TransactWriteItem> writes, Deadline deadline) {
        write(
                deadline,
                time -> client.transactWriteItems(
                        request -> request.transactItems(writes).overrideConfiguration(time)));
    }

    private <T> T read(String what, Deadline deadline, Function<AwsRequestOverrideConfiguration, T> request) {
        try {
            return write(deadline, request);
        } catch (SdkException e) {
            throw failures.unavailable(what, e);
        }
    }

    private <T> T write(Deadline deadline, Function<AwsRequestOverrideConfiguration, T> request) {
        try {
            return request.apply(within(deadline));
        } catch (ResourceNotFoundException e) {
            if (!options.createTable()) {
                throw e;
            }
            deadline.outside(tables::make);
            return request.apply(within(deadline));
        }
    }

    private static AwsRequestOverrideConfiguration within(Deadline deadline) {
        if (deadline.isOver()) {
            throw ApiCallTimeoutException.create(0);
        }
        return AwsRequestOverrideConfiguration.builder()
                .apiCallTimeout(deadline.left())
                .build();
    }
}
