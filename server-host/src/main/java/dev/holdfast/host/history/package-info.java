/**
 * The one history of a group: where a snapshot stands in it, what can be read of its head, and the decision what a host may
 * do next. Values and pure functions; who writes is the keeper, who begins is the restore.
 */
@NullMarked
package dev.holdfast.host.history;

import org.jspecify.annotations.NullMarked;
