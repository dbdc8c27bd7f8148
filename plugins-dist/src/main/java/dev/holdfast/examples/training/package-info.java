/**
 * The program that trains the example models: it reads the data of {@code src/main/examples} and writes the example
 * model store. It needs the JDK alone, runs on one thread, and writes the same bytes every time and everywhere.
 */
@NullMarked
package dev.holdfast.examples.training;

import org.jspecify.annotations.NullMarked;
