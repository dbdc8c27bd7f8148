package dev.holdfast.plugin.ddb;

import java.util.Map;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The primary key of an item.
 *
 * @param hash the attribute {@code snapshotName}
 * @param range the attribute {@code createdOn}; empty in a table that has no range key
 */
record ItemKey(String hash, String range) {

    Map<String, AttributeValue> attributes() {
        return range.isEmpty()
                ? Map.of(Item.NAME, AttributeValue.fromS(hash))
                : Map.of(Item.NAME, AttributeValue.fromS(hash), Item.CREATED_ON, AttributeValue.fromS(range));
    }
}
