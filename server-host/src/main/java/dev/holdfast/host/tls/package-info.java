/**
 * The certificate that listeners with TLS show, from the operator's files or made here, read again when the files change; and
 * how the commands of the same user know the host by it.
 */
@NullMarked
package dev.holdfast.host.tls;

import org.jspecify.annotations.NullMarked;
