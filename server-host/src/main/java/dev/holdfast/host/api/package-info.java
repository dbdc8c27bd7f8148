/**
 * What can be asked of a running host, whatever the wire: typed parameters in, an answer or a failure out. It knows neither
 * HTTP nor JSON nor the settings; a transport maps its own requests to these operations, and their answers and the
 * {@linkplain dev.holdfast.host.api.ApiFailure kinds of failures} to its own.
 */
@NullMarked
package dev.holdfast.host.api;

import org.jspecify.annotations.NullMarked;
