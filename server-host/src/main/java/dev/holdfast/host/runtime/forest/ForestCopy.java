package dev.holdfast.host.runtime.forest;

import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.executor.PointStoreCoordinator;
import com.amazon.randomcutforest.executor.SamplerPlusTree;
import com.amazon.randomcutforest.sampler.CompactSampler;
import com.amazon.randomcutforest.store.PointStore;
import com.amazon.randomcutforest.tree.AbstractNodeStore;
import com.amazon.randomcutforest.tree.RandomCutTree;
import dev.holdfast.host.runtime.PartWriter;
import dev.holdfast.host.state.StatePart;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a forest has learned at one moment, copied out of it: plain arrays, which takes less than a millisecond, and nothing
 * of the forest is changed. (The library's own mapper compacts the forest's store, and takes fifty times as long.)
 *
 * <p>As bytes it is the parts
 *
 * <pre>
 *   forest       rows learned · places for points · places in use · numbers in use · where each point lies · last shingle ·
 *                samplers' seeds, which every row changes
 *   points       the numbers of the points, in the order in which they came
 *   trees/0000   for each of some trees: seed · nodes in breadth-first order (which children are nodes, cut) ·
 *                its points with their weights
 *   trees/0001   ...
 * </pre>
 *
 * What follows from these is not stored: how often a point is used, which leaf holds it, the bounding boxes, the masses.
 */
final class ForestCopy {

    /** A part gathers trees up to about this size, so that a store keeps neither hundreds of tiny chunks nor one. */
    private static final int PART_BYTES = 64 << 10;

    private final long rows;
    private final float[] shingle;
    private final int capacity;
    private final int[] locations;
    private final float[] points;
    private final List<Tree> trees;

    /**
     * A tree and its sampler.
     *
     * @param root the root's number; the number of nodes or more if the tree has one point or none
     */
    @SuppressWarnings("ArrayRecordComponent") // Private and never compared.
    private record Tree(
            long seed,
            int root,
            int[] left,
            int[] right,
            int[] cutDimensions,
            float[] cutValues,
            long samplerSeed,
            int[] sample,
            float[] weights) {}

    private ForestCopy(long rows, float[] shingle, int capacity, int[] locations, float[] points, List<Tree> trees) {
        this.rows = rows;
        this.shingle = shingle;
        this.capacity = capacity;
        this.locations = locations;
        this.points = points;
        this.trees = trees;
    }

    /** Copies a forest that nobody changes meanwhile; it may be read. */
    static ForestCopy of(RandomCutForest forest) {
        PointStore store = (PointStore) ((PointStoreCoordinator<?>) forest.getUpdateCoordinator()).getStore();
        int[] locations = store.getLocationList();
        int[] uses = store.getRefCount();
        for (int i = 0; i < locations.length; i++) {
            locations[i] = uses[i] > 0 ? locations[i] : -1;
        }
        List<Tree> trees = new ArrayList<>();
        for (Object component : forest.getComponents()) {
            SamplerPlusTree<?, ?> pair = (SamplerPlusTree<?, ?>) component;
            trees.add(tree((RandomCutTree) pair.getTree(), (CompactSampler) pair.getSampler()));
        }
        return new ForestCopy(
                forest.getTotalUpdates(),
                forest.isInternalShinglingEnabled() ? store.getInternalShingle() : new float[0],
                store.getCurrentStoreCapacity(),
                locations,
                Arrays.copyOf(store.getStore(), store.getStartOfFreeSegment()),
                trees);
    }

    private static Tree tree(RandomCutTree tree, CompactSampler sampler) {
        AbstractNodeStore nodes = tree.getNodeStore();
        return new Tree(
                tree.getRandomSeed(),
                tree.getRoot(),
                nodes.getLeftIndex(),
                nodes.getRightIndex(),
                nodes.getCutDimension(),
                nodes.getCutValues().clone(),
                sampler.getRandomSeed(),
                Arrays.copyOf(sampler.getPointIndexArray(), sampler.size()),
                Arrays.copyOf(sampler.getWeightArray(), sampler.size()));
    }

    /** The parts of the state. */
    List<StatePart> parts() {
        List<StatePart> parts = new ArrayList<>();
        PartWriter counts = new PartWriter()
                .putLong(rows)
                .putInt(capacity)
                .putInt(locations.length)
                .putInt(points.length)
                .putInts(locations)
                .putFloats(shingle);
        trees.forEach(tree -> counts.putLong(tree.samplerSeed()));
        parts.add(counts.toPart("forest"));
        parts.add(new FloatsPart("points", points));
        int each = treesInAPart(trees.get(0).left().length + 1);
        for (int first = 0; first < trees.size(); first += each) {
            PartWriter part = new PartWriter();
            trees.subList(first, Math.min(first + each, trees.size())).forEach(tree -> write(tree, part));
            parts.add(part.toPart(treesPart(first / each)));
        }
        return parts;
    }

    /** How many trees of a size share a part; a function of the settings, so that a tree keeps its place. */
    static int treesInAPart(int sampleSize) {
        return Math.max(1, PART_BYTES / (16 * sampleSize));
    }

    static String treesPart(int index) {
        return String.format(Locale.ROOT, "trees/%04d", index);
    }

    private static void write(Tree tree, PartWriter part) {
        int[] nodes = breadthFirst(tree);
        part.putLong(tree.seed()).putInt(nodes.length);
        for (int node : nodes) {
            int left = tree.left()[node] < tree.left().length ? 1 : 0;
            int right = tree.right()[node] < tree.right().length ? 2 : 0;
            part.putByte(left | right);
        }
        for (int node : nodes) {
            part.putChar(tree.cutDimensions()[node]);
        }
        float[] cutValues = new float[nodes.length];
        for (int i = 0; i < nodes.length; i++) {
            cutValues[i] = tree.cutValues()[nodes[i]];
        }
        part.putFloats(cutValues)
                .putInt(tree.sample().length)
                .putInts(tree.sample())
                .putFloats(tree.weights());
    }

    /** The numbers of the inner nodes, level by level. */
    private static int[] breadthFirst(Tree tree) {
        int capacity = tree.left().length;
        int[] order = new int[capacity];
        int count = 0;
        if (tree.root() >= 0 && tree.root() < capacity) {
            order[count++] = tree.root();
        }
        for (int i = 0; i < count; i++) {
            for (int child : new int[] {tree.left()[order[i]], tree.right()[order[i]]}) {
                if (child < capacity) {
                    order[count++] = child;
                }
            }
        }
        return Arrays.copyOf(order, count);
    }
}
