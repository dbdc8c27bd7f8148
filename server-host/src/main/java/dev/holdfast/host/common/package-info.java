/** What several rooms need and none owns: digests, threads. Knows no other room. */
@NullMarked
package dev.holdfast.host.common;

import org.jspecify.annotations.NullMarked;
