package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeDefinition;
import software.amazon.awssdk.services.dynamodb.model.BillingMode;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.GlobalSecondaryIndex;
import software.amazon.awssdk.services.dynamodb.model.GlobalSecondaryIndexDescription;
import software.amazon.awssdk.services.dynamodb.model.IndexStatus;
import software.amazon.awssdk.services.dynamodb.model.KeySchemaElement;
import software.amazon.awssdk.services.dynamodb.model.KeyType;
import software.amazon.awssdk.services.dynamodb.model.LocalSecondaryIndex;
import software.amazon.awssdk.services.dynamodb.model.ProjectionType;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputDescription;
import software.amazon.awssdk.services.dynamodb.model.ResourceInUseException;
import software.amazon.awssdk.services.dynamodb.model.ResourceNotFoundException;
import software.amazon.awssdk.services.dynamodb.model.ScalarAttributeType;
import software.amazon.awssdk.services.dynamodb.model.TableDescription;
import software.amazon.awssdk.services.dynamodb.model.TableStatus;

/** Makes the tables where the operator allows it, and says how to make them where not. */
final class Tables {

    static final String INDEX = "createdOnMonth-index";

    private static final Logger log = LoggerFactory.getLogger(Tables.class);
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final String INDEX_JSON = "\"IndexName\":\"" + INDEX + "\",\"KeySchema\":["
            + "{\"AttributeName\":\"createdOnMonth\",\"KeyType\":\"HASH\"},"
            + "{\"AttributeName\":\"createdOn\",\"KeyType\":\"RANGE\"}],\"Projection\":{\"ProjectionType\":\"ALL\"}";

    private static final String CREATE = "aws dynamodb create-table --billing-mode PAY_PER_REQUEST --table-name ";

    private final DynamoDbClient client;
    private final DdbOptions options;
    private final Failures failures;

    Tables(DynamoDbClient client, DdbOptions options, Failures failures) {
        this.client = client;
        this.options = options;
        this.failures = failures;
    }

    /** The commands of the AWS command line that make what is needed, on one line. */
    static String command(DdbOptions options) {
        if (options.layout() == Layout.ONE_TABLE) {
            return CREATE + options.table() + " --attribute-definitions AttributeName=snapshotName,AttributeType=S"
                    + " AttributeName=createdOn,AttributeType=S AttributeName=createdOnMonth,AttributeType=S"
                    + " --key-schema AttributeName=snapshotName,KeyType=HASH AttributeName=createdOn,KeyType=RANGE"
                    + " --global-secondary-indexes '[{" + INDEX_JSON + "}]'";
        }
        return CREATE + options.latestTable() + " --attribute-definitions AttributeName=snapshotName,AttributeType=S"
                + " --key-schema AttributeName=snapshotName,KeyType=HASH; " + CREATE + options.table()
                + " --attribute-definitions AttributeName=snapshotName,AttributeType=S"
                + " AttributeName=createdOn,AttributeType=S"
                + " --key-schema AttributeName=snapshotName,KeyType=HASH AttributeName=createdOn,KeyType=RANGE";
    }

    /** The command that makes the table of what models have learned, on one line. */
    static String chunkCommand(DdbOptions options) {
        return CREATE + options.chunkTable() + " --attribute-definitions AttributeName=chunkGroup,AttributeType=S"
                + " AttributeName=chunkId,AttributeType=S AttributeName=entry,AttributeType=S"
                + " --key-schema AttributeName=chunkGroup,KeyType=HASH AttributeName=chunkId,KeyType=RANGE"
                + " --local-secondary-indexes '[{\"IndexName\":\"entry-index\",\"KeySchema\":["
                + "{\"AttributeName\":\"chunkGroup\",\"KeyType\":\"HASH\"},"
                + "{\"AttributeName\":\"entry\",\"KeyType\":\"RANGE\"}],"
                + "\"Projection\":{\"ProjectionType\":\"INCLUDE\",\"NonKeyAttributes\":[\"put\"]}}]'";
    }

    /** The command that adds the index to a table that lacks it, where its capacity is not known. */
    static String indexCommand(DdbOptions options) {
        return indexCommand(options.table(), "")
                + " (a table with provisioned capacity needs a ProvisionedThroughput for it too)";
    }

    /** The same, with as much capacity as the table itself has. */
    static String indexCommand(TableDescription table) {
        boolean onDemand = table.billingModeSummary() != null
                && table.billingModeSummary().billingMode() == BillingMode.PAY_PER_REQUEST;
        ProvisionedThroughputDescription capacity = table.provisionedThroughput();
        return indexCommand(
                table.tableName(),
                onDemand || capacity == null
                        ? ""
                        : ",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":" + capacity.readCapacityUnits()
                                + ",\"WriteCapacityUnits\":" + capacity.writeCapacityUnits() + "}");
    }

    private static String indexCommand(String table, String capacity) {
        return "aws dynamodb update-table --table-name " + table
                + " --attribute-definitions AttributeName=snapshotName,AttributeType=S"
                + " AttributeName=createdOn,AttributeType=S AttributeName=createdOnMonth,AttributeType=S"
                + " --global-secondary-index-updates '[{\"Create\":{" + INDEX_JSON + capacity + "}}]'";
    }

    /** The commands that remove the index, which takes nothing from the table, and add it as it should be. */
    static String indexAnewCommands(TableDescription table) {
        return indexAnew(table.tableName(), indexCommand(table));
    }

    /** The same, where the table's capacity is not known. */
    static String indexAnewCommands(DdbOptions options) {
        return indexAnew(options.table(), indexCommand(options));
    }

    private static String indexAnew(String table, String add) {
        return "aws dynamodb update-table --table-name " + table
                + " --global-secondary-index-updates '[{\"Delete\":{\"IndexName\":\"" + INDEX
                + "\"}}]' and, when it is gone: " + add;
    }

    /**
     * Makes the tables that are not there, and waits until they can be used.
     *
     * @throws StoreUnavailableException if that fails or takes too long
     */
    void make() {
        Deadline deadline = Deadline.in(options.createTimeout());
        String patience = options.createTimeout().toMillis() + " ms (snapshot.ddb.create-timeout)";
        if (options.layout() == Layout.TWO_TABLES) {
            make(snapshotTable(options.latestTable(), false, false), deadline, patience);
            make(snapshotTable(options.table(), true, false), deadline, patience);
        } else {
            make(snapshotTable(options.table(), true, true), deadline, patience);
        }
    }

    /**
     * Makes the table of what models have learned, if it is not there, and waits until it can be used.
     *
     * @throws StoreUnavailableException if that fails or takes too long
     */
    void makeForChunks(Deadline deadline) {
        make(chunkTable(), deadline, options.chunkTimeout().toMillis() + " ms (snapshot.ddb.chunk-timeout)");
    }

    private CreateTableRequest chunkTable() {
        return CreateTableRequest.builder()
                .tableName(options.chunkTable())
                .billingMode(BillingMode.PAY_PER_REQUEST)
                .attributeDefinitions(string(ChunkTable.GROUP), string(ChunkTable.ID), string(ChunkTable.ENTRY))
                .keySchema(key(ChunkTable.GROUP, KeyType.HASH), key(ChunkTable.ID, KeyType.RANGE))
                .localSecondaryIndexes(LocalSecondaryIndex.builder()
                        .indexName(ChunkTable.INDEX)
                        .keySchema(key(ChunkTable.GROUP, KeyType.HASH), key(ChunkTable.ENTRY, KeyType.RANGE))
                        .projection(projection -> projection
                                .projectionType(ProjectionType.INCLUDE)
                                .nonKeyAttributes(ChunkTable.PUT))
                        .build())
                .build();
    }

    private static CreateTableRequest snapshotTable(String table, boolean range, boolean index) {
        CreateTableRequest.Builder create =
                CreateTableRequest.builder().tableName(table).billingMode(BillingMode.PAY_PER_REQUEST);
        List<AttributeDefinition> attributes = new ArrayList<>(List.of(string(Item.NAME)));
        List<KeySchemaElement> keys = new ArrayList<>(List.of(key(Item.NAME, KeyType.HASH)));
        if (range) {
            attributes.add(string(Item.CREATED_ON));
            keys.add(key(Item.CREATED_ON, KeyType.RANGE));
        }
        if (index) {
            attributes.add(string(Item.MONTH));
            create.globalSecondaryIndexes(GlobalSecondaryIndex.builder()
                    .indexName(INDEX)
                    .keySchema(key(Item.MONTH, KeyType.HASH), key(Item.CREATED_ON, KeyType.RANGE))
                    .projection(projection -> projection.projectionType(ProjectionType.ALL))
                    .build());
        }
        return create.attributeDefinitions(attributes).keySchema(keys).build();
    }

    private void make(CreateTableRequest create, Deadline deadline, String patience) {
        String table = create.tableName();
        try {
            if (describe(table, deadline).isEmpty()) {
                create(create, deadline);
            }
            awaitActive(table, create.hasGlobalSecondaryIndexes(), deadline, patience);
        } catch (SdkException e) {
            throw failures.unavailable("Table " + table + " could not be made", e);
        }
    }

    private void create(CreateTableRequest create, Deadline deadline) {
        try {
            client.createTable(
                    create.toBuilder().overrideConfiguration(within(deadline)).build());
            log.info("Made the DynamoDB table {}", create.tableName());
        } catch (ResourceInUseException e) {
            log.debug("Another host makes the table {}", create.tableName());
        }
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

    private void awaitActive(String table, boolean index, Deadline deadline, String patience) {
        Predicate<TableDescription> active = description -> description.tableStatus() == TableStatus.ACTIVE
                && (!index
                        || description.globalSecondaryIndexes().stream()
                                .filter(one -> one.indexName().equals(INDEX))
                                .map(GlobalSecondaryIndexDescription::indexStatus)
                                .allMatch(status -> status == IndexStatus.ACTIVE));
        while (describe(table, deadline).filter(active).isEmpty()) {
            if (deadline.isOver()) {
                throw new StoreUnavailableException("Table " + table + " was not active within " + patience);
            }
            Pause.of(LOOK);
        }
    }

    /** The last look has the time of one request, so that the deadline ends in a message about the table. */
    private AwsRequestOverrideConfiguration within(Deadline deadline) {
        Duration left = deadline.left();
        return AwsRequestOverrideConfiguration.builder()
                .apiCallTimeout(left.compareTo(options.attemptTimeout()) > 0 ? left : options.attemptTimeout())
                .build();
    }

    /** How a table is made, by one request that waits no longer than one attempt may take. */
    TableDescription described(String table, Deadline deadline) {
        Duration time =
                deadline.left().compareTo(options.attemptTimeout()) < 0 ? deadline.left() : options.attemptTimeout();
        if (time.isZero()) {
            throw ApiCallTimeoutException.create(0);
        }
        return client.describeTable(request ->
                        request.tableName(table).overrideConfiguration(override -> override.apiCallTimeout(time)))
                .table();
    }

    private Optional<TableDescription> describe(String table, Deadline deadline) {
        try {
            return Optional.of(
                    client.describeTable(request -> request.tableName(table).overrideConfiguration(within(deadline)))
                            .table());
        } catch (ResourceNotFoundException e) {
            return Optional.empty();
        }
    }
}
