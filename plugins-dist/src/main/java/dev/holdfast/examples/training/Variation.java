package dev.holdfast.examples.training;

import java.util.Random;

/** How a training sample is varied each time it is seen, so that a network learns its class and not its pixels. */
@FunctionalInterface
interface Variation {

    /** A varied copy, or the very features where nothing varies. */
    float[] of(float[] features, Random random);

    static Variation none() {
        return (features, random) -> features;
    }

    /** A square image moved by up to {@code distance} pixels each way; between pixels by linear interpolation. */
    static Variation shift(int side, double distance) {
        return (pixels, random) -> {
            double right = (2 * random.nextDouble() - 1) * distance;
            double down = (2 * random.nextDouble() - 1) * distance;
            float[] moved = new float[pixels.length];
            for (int y = 0; y < side; y++) {
                for (int x = 0; x < side; x++) {
                    moved[y * side + x] = (float) between(pixels, side, x - right, y - down);
                }
            }
            return moved;
        };
    }

    private static double between(float[] pixels, int side, double x, double y) {
        int left = (int) Math.floor(x);
        int top = (int) Math.floor(y);
        double upper = mix(at(pixels, side, left, top), at(pixels, side, left + 1, top), x - left);
        double lower = mix(at(pixels, side, left, top + 1), at(pixels, side, left + 1, top + 1), x - left);
        return mix(upper, lower, y - top);
    }

    private static double mix(double a, double b, double share) {
        return a + (b - a) * share;
    }

    /** A pixel, or white outside of the image. */
    private static double at(float[] pixels, int side, int x, int y) {
        return x < 0 || y < 0 || x >= side || y >= side ? 0 : pixels[y * side + x];
    }
}
