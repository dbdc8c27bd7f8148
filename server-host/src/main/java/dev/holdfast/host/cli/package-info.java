/**
 * The command line: what an operator types, and starting, stopping and showing a host. The one room that writes to
 * standard output.
 */
@NullMarked
package dev.holdfast.host.cli;

import org.jspecify.annotations.NullMarked;
