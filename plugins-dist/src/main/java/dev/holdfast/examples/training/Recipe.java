package dev.holdfast.examples.training;

/**
 * How a network learns.
 *
 * @param epochs how often it sees every sample
 * @param batch how many samples go into one step
 * @param rate the length of the first step; it falls to nothing in a straight line
 * @param decay how strongly weights are pulled towards zero
 * @param variation how a sample varies from one epoch to the next
 */
record Recipe(int epochs, int batch, double rate, double decay, Variation variation) {}
