package dev.holdfast.plugin.ddb;

import dev.holdfast.testsupport.DynamoDbProcess;
import dev.holdfast.testsupport.DynamoDbServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.GlobalSecondaryIndex;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.Projection;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughput;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;

/** DynamoDB Local, in memory, on a loopback port of its own; one for all tests, with new tables for each. */
final class LocalDynamoDb {

    private static final AtomicInteger TABLES = new AtomicInteger();

    private final URI endpoint;
    private final DynamoDbClient client;

    private LocalDynamoDb(URI endpoint) {
        this.endpoint = endpoint;
        this.client = DynamoDbServer.client(endpoint);
    }

    private static final class Holder {
        private static final LocalDynamoDb SHARED = start();
    }

    static LocalDynamoDb shared() {
        return Holder.SHARED;
    }

    private static LocalDynamoDb start() {
        try {
            return new LocalDynamoDb(DynamoDbProcess.start());
        } catch (IOException e) {
            throw new UncheckedIOException("DynamoDB Local could not be started", e);
        }
    }

    URI endpoint() {
        return endpoint;
    }

    /** A client of the tests' own, beside the plugin's. */
    DynamoDbClient client() {
        return client;
    }

    static String newTableName() {
        return "Snapshots-" + TABLES.incrementAndGet();
    }

    /** A new table as the operator's manual makes it, with provisioned capacity. */
    String manualsTable() {
        return table(key(Item.MONTH, KeyType.HASH), key(Item.CREATED_ON, KeyType.RANGE));
    }

    String tableWhoseIndexHasNoOrder() {
        return table(key(Item.MONTH, KeyType.HASH));
    }

    /** @param attributes what the index has besides keys; empty for keys alone */
    String tableWhoseIndexHasOnly(String... attributes) {
        Projection.Builder projection = Projection.builder()
                .projectionType(attributes.length == 0 ? ProjectionType.KEYS_ONLY : ProjectionType.INCLUDE);
        if (attributes.length > 0) {
            projection.nonKeyAttributes(attributes);
        }
        return table(projection.build(), key(Item.MONTH, KeyType.HASH), key(Item.CREATED_ON, KeyType.RANGE));
    }

    String tableWithoutIndex() {
        return table();
    }

    private String table(KeySchemaElement... indexKey) {
        return table(Projection.builder().projectionType(ProjectionType.ALL).build(), indexKey);
    }

    private String table(Projection projection, KeySchemaElement... indexKey) {
        String table = newTableName();
        List<AttributeDefinition> attributes = new ArrayList<>(List.of(string(Item.NAME), string(Item.CREATED_ON)));
        CreateTableRequest.Builder create = CreateTableRequest.builder()
                .tableName(table)
                .keySchema(key(Item.NAME, KeyType.HASH), key(Item.CREATED_ON, KeyType.RANGE))
                .provisionedThroughput(capacity());
        if (indexKey.length > 0) {
            attributes.add(string(Item.MONTH));
            create.globalSecondaryIndexes(GlobalSecondaryIndex.builder()
                    .indexName("createdOnMonth-index")
                    .keySchema(indexKey)
                    .projection(projection)
                    .provisionedThroughput(capacity())
                    .build());
        }
        client.createTable(create.attributeDefinitions(attributes).build());
        return table;
    }

    TableDescription describe(String table) {
        return client.describeTable(describe -> describe.tableName(table)).table();
    }

    private static AttributeDefinition string(String name) {
        return AttributeDefinition.builder()
                .attributeName(name)
                .attributeType(ScalarAttributeType.S)
                .build();
    }

    private static KeySchemaElement key(String name, KeyType type) {
        return KeySchemaElement.builder().attributeName(name).keyType(type).build();
    }

    private static ProvisionedThroughput capacity() {
        return ProvisionedThroughput.builder()
                .readCapacityUnits(10L)
                .writeCapacityUnits(5L)
                .build();
    }

    List<Item> items(String table) {
        return client.scanPaginator(scan -> scan.tableName(table).consistentRead(true)).items().stream()
                .map(Item::of)
                .toList();
    }

    void put(String table, Map<String, AttributeValue> item) {
        client.putItem(put -> put.tableName(table).item(item));
    }
}
