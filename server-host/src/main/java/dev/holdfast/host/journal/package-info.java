/**
 * What a host keeps on its own disk of the snapshots and chunks that it wrote or read.
 *
 * <pre>
 *   journal/&lt;store&gt;/&lt;group&gt;/pending/000000000012-&lt;name&gt;   not in the store yet, as far as this host knows
 *                           copies/000000000011-&lt;name&gt;    the last three that the store had
 *                           pins/base, ours, theirs       the three sides of a divergence
 *                           aside/&lt;name&gt;                  what lost by a decision
 *                           chunks/, waiting/             pieces of model state; which of them the store lacks
 *                           temp/, reserve                files that are being written; room for the newest state
 * </pre>
 *
 * <p>Each snapshot is one file in the format of serializer {@code fs}. The files are the truth; nothing else must be right.
 */
@NullMarked
package dev.holdfast.host.journal;

import org.jspecify.annotations.NullMarked;
