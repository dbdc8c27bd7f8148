/**
 * The HTTP APIs: management, inference and metrics. The one room that knows the HTTP library.
 */
@NullMarked
package dev.holdfast.host.http;

import org.jspecify.annotations.NullMarked;
