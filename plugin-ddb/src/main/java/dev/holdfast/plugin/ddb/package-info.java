/** Serializer {@code ddb}: snapshots in Amazon DynamoDB. */
@NullMarked
package dev.holdfast.plugin.ddb;

import org.jspecify.annotations.NullMarked;
