package dev.holdfast.plugin.ddb;

import software.amazon.awssdk.services.dynamodb.model.TransactWriteItem;

/** The single writes of which a transaction is made. */
final class Writes {

    private Writes() {}

    static TransactWriteItem put(String table, Item item) {
        return TransactWriteItem.builder()
                .put(put -> put.tableName(table).item(item.attributes()))
                .build();
    }

    static TransactWriteItem put(String table, Item item, Condition condition) {
        return TransactWriteItem.builder()
                .put(put -> {
                    put.tableName(table)
                            .item(item.attributes())
                            .conditionExpression(condition.expression())
                            .expressionAttributeNames(condition.names());
                    if (!condition.values().isEmpty()) {
                        put.expressionAttributeValues(condition.values());
                    }
                })
                .build();
    }

    static TransactWriteItem delete(String table, ItemKey key) {
        return TransactWriteItem.builder()
                .delete(delete -> delete.tableName(table)
                        .key(key.attributes())
                        .conditionExpression(Condition.present().expression())
                        .expressionAttributeNames(Condition.present().names()))
                .build();
    }

    static TransactWriteItem check(String table, ItemKey key, Condition condition) {
        return TransactWriteItem.builder()
                .conditionCheck(check -> {
                    check.tableName(table)
                            .key(key.attributes())
                            .conditionExpression(condition.expression())
                            .expressionAttributeNames(condition.names());
                    if (!condition.values().isEmpty()) {
                        check.expressionAttributeValues(condition.values());
                    }
                })
                .build();
    }
}
