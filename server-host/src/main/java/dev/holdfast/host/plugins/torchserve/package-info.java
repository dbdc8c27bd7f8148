/**
 * Serializer plugins that were made for TorchServe, as serializers of this host. The one room that knows what such plugins
 * are made with.
 */
@NullMarked
package dev.holdfast.host.plugins.torchserve;

import org.jspecify.annotations.NullMarked;
