/**
 * Plugins' classes without the calls that would end the process: they are taken out as the classes are loaded, and fail
 * instead. The one room that reads class files.
 */
@NullMarked
package dev.holdfast.host.plugins.exit;

import org.jspecify.annotations.NullMarked;
