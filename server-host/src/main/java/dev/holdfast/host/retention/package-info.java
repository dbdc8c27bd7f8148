/**
 * What goes: old snapshots of the group, and then the chunks of model state that none of the others needs.
 *
 * <pre>
 *   a round:  find the old ones ─▶ make known up to which revision ─▶ remove them ─▶ read what the others need
 *                                                                                      ─▶ remove the chunks that nobody needs
 * </pre>
 *
 * <p>Nothing here removes for want of an answer: what is not listed is not taken for absent, and chunks go only with the
 * proof that every snapshot was read.
 */
@NullMarked
package dev.holdfast.host.retention;

import org.jspecify.annotations.NullMarked;
