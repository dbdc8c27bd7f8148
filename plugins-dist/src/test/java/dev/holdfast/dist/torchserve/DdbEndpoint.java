package dev.holdfast.dist.torchserve;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.pytorch.serve.servingsdk.snapshot.Snapshot;
import org.pytorch.serve.servingsdk.snapshot.SnapshotSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.dynamodb.model.DynamoDbException;

/**
 * A plugin in the form of TorchServe's for DynamoDB, written anew from what is known of that one, its mistakes included: it
 * writes the models anew before it stores them, asks for the month without its zero, reads the second newest item, stumbles where there is one alone, swallows the errors
 * of a save, and ends the process where it cannot read.
 */
public class DdbEndpoint implements SnapshotSerializer {

    static final String TABLE = "Snapshots";
    static final String INDEX = "createdOnMonth-index";

    private static final Logger log = LoggerFactory.getLogger(DdbEndpoint.class);

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    final DynamoDbClient client = DynamoDbClient.create();

    @Override
    public void saveSnapshot(Snapshot snapshot, Properties properties) throws IOException {
        log.info("Saving snapshot to DDB...");
        properties.put("model_snapshot", GSON.toJson(snapshot, Snapshot.class));
        StringWriter text = new StringWriter();
        properties.store(text, "snapshot");
        LocalDateTime created =
                LocalDateTime.ofInstant(Instant.ofEpochMilli(snapshot.getCreated()), ZoneId.systemDefault());
        try {
            client.putItem(put -> put.tableName(TABLE)
                    .item(Map.of(
                            "snapshotName",
                            string(snapshot.getName() + "_" + snapshot.getCreated() + "_" + snapshot.getModelCount()),
                            "createdOn",
                            string(created.format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss,SSS", Locale.ROOT))),
                            "createdOnMonth",
                            string(created.format(DateTimeFormatter.ofPattern("yyyy-MM", Locale.ROOT))),
                            "snapshot",
                            string(text.toString()))));
        } catch (DynamoDbException e) {
            log.error("Snapshot serialization error", e);
        }
    }

    private static AttributeValue string(String value) {
        return AttributeValue.fromS(value);
    }

    @Override
    public Snapshot getSnapshot(String modelSnapshot) {
        return GSON.fromJson(modelSnapshot, Snapshot.class);
    }

    @Override
    public Properties getLastSnapshot() {
        log.info("Fetching last snapshot from DDB...");
        try {
            String text = last();
            if (text == null) {
                log.error(
                        "Failed to get last snapshot from DDB. Torchserve will start with default or given configuration.");
                return null;
            }
            Properties properties = new Properties();
            properties.load(new StringReader(text));
            return properties;
        } catch (DynamoDbException | IOException e) {
            log.error("DDB error while getting last snapshot. Shutting down.", e);
            System.exit(1);
            return null;
        }
    }

    /** The text of the last item; null if there is none. */
    String last() {
        LocalDate today = LocalDate.now();
        List<Map<String, AttributeValue>> items = newest(today.getYear() + "-" + today.getMonthValue(), 2);
        return items.isEmpty() ? null : items.get(1).get("snapshot").s();
    }

    List<Map<String, AttributeValue>> newest(String month, int count) {
        return client.query(query -> query.tableName(TABLE)
                        .indexName(INDEX)
                        .keyConditionExpression("createdOnMonth = :month")
                        .expressionAttributeValues(Map.of(":month", string(month)))
                        .scanIndexForward(false)
                        .limit(count))
                .items();
    }
}
