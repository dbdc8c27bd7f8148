/** What several rooms need and none owns: digests, the names of our serializers. Knows no other room. */
@NullMarked
package dev.holdfast.host.common;

import org.jspecify.annotations.NullMarked;
