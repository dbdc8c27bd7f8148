/** What several rooms need and none owns: digests, threads, the names of our serializers, files of the host's own. Knows no other room. */
@NullMarked
package dev.holdfast.host.common;

import org.jspecify.annotations.NullMarked;
