package dev.holdfast.host.runtime.forest;

import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.config.Precision;
import com.amazon.randomcutforest.state.ExecutionContext;
import com.amazon.randomcutforest.state.RandomCutForestMapper;
import com.amazon.randomcutforest.state.RandomCutForestState;
import com.amazon.randomcutforest.state.Version;
import com.amazon.randomcutforest.state.sampler.CompactSamplerState;
import com.amazon.randomcutforest.state.store.NodeStoreState;
import com.amazon.randomcutforest.state.store.PointStoreState;
import com.amazon.randomcutforest.state.tree.CompactRandomCutTreeState;
import com.amazon.randomcutforest.util.ArrayPacking;
import dev.holdfast.host.runtime.PartReader;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateSource;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A forest made from the parts that {@link ForestCopy} tells of. Everything that the library would believe unchecked is
 * checked: what it takes for lengths and places, and what it counts on later, while it learns.
 */
final class ForestRestore {

    /** A number of rows that is not reached, yet leaves room to count on. */
    private static final long MOST_ROWS = 1L << 53;

    private final StateSource source;
    private final ForestSettings settings;
    /** For each place of a point the first place that holds equal numbers; -1 where there is none. */
    private int[] equals = {};

    private int[] uses = {};
    private final List<Long> samplerSeeds = new ArrayList<>();

    private ForestRestore(StateSource source, ForestSettings settings) {
        this.source = source;
        this.settings = settings;
    }

    /** @throws StateDamagedException if the state is no forest of these settings */
    static RandomCutForest forest(StateSource source, ForestSettings settings) {
        RandomCutForestState state = new ForestRestore(source, settings).state();
        ExecutionContext onTheCallersThread = new ExecutionContext();
        try {
            // Builds each tree by sorting its points into it, and checks every cut against them.
            return new RandomCutForestMapper().toModel(state, onTheCallersThread, settings.seed());
        } catch (RuntimeException | StackOverflowError e) {
            throw new StateDamagedException("The state's trees and points do not fit together: " + e.getMessage(), e);
        }
    }

    private RandomCutForestState state() {
        RandomCutForestState state = new RandomCutForestState();
        state.setNumberOfTrees(settings.trees());
        state.setDimensions(settings.pointSize());
        state.setTimeDecay(settings.timeDecay());
        state.setSampleSize(settings.sampleSize());
        state.setShingleSize(settings.shingleSize());
        state.setOutputAfter(settings.outputAfter());
        state.setInternalShinglingEnabled(settings.shingleSize() > 1);
        state.setBoundingBoxCacheFraction(RandomCutForest.DEFAULT_BOUNDING_BOX_CACHE_FRACTION);
        state.setPrecision(Precision.FLOAT_32.name());
        state.setCurrentlySampling(true);
        state.setSaveSamplerStateEnabled(true);
        state.setSaveTreeStateEnabled(true);
        state.setSaveCoordinatorStateEnabled(true);

        PointStoreState points = points(state);
        uses = new int[points.getIndexCapacity()];
        trees(state);
        requireEveryPointUsed();
        points.setRefCount(uses);
        points.setLocationList(Arrays.stream(points.getLocationList())
                .filter(location -> location >= 0)
                .toArray());
        state.setPointStoreState(points);
        return state;
    }

    private PointStoreState points(RandomCutForestState state) {
        int size = settings.pointSize();
        int most = settings.mostPoints();
        PartReader part = PartReader.open(source, "forest", 1024 + 4L * most + 4L * size + 8L * settings.trees());
        long rows = part.getLong("number of rows", 0, MOST_ROWS);
        state.setTotalUpdates(rows);
        int capacity = part.getInt("room for points", 1, most);
        int places = part.getInt("number of places", 1, most);
        int numbers = part.getInt("count of numbers", 0, capacity * size);
        int[] locations = part.getInts(places);
        float[] shingle = part.getFloats(settings.shingleSize() > 1 ? size : 0);
        for (int i = 0; i < settings.trees(); i++) {
            samplerSeeds.add(part.getLong());
        }
        part.end();
        PartReader pointsPart = PartReader.open(source, "points", 4L * (numbers + 1));
        float[] values = pointsPart.getFloats(numbers);
        pointsPart.end();
        requireTakable(pointsPart, values);
        requireTakable(part, shingle);
        requireSeparate(part, locations, numbers);
        equals = equals(locations, values);

        PointStoreState points = new PointStoreState();
        points.setVersion(Version.V3_0);
        points.setPrecision(Precision.FLOAT_32.name());
        points.setDimensions(size);
        points.setShingleSize(settings.shingleSize());
        points.setInternalShinglingEnabled(settings.shingleSize() > 1);
        if (settings.shingleSize() > 1) {
            double[] wide = new double[size];
            for (int i = 0; i < size; i++) {
                wide[i] = shingle[i];
            }
            points.setInternalShingle(wide);
        }
        points.setCapacity(most);
        points.setCurrentStoreCapacity(capacity);
        points.setIndexCapacity(places);
        points.setStartOfFreeSegment(numbers);
        points.setLastTimeStamp(rows);
        points.setLocationList(locations);
        points.setPointData(ArrayPacking.pack(values));
        return points;
    }

    private static void requireTakable(PartReader part, float[] values) {
        for (float value : values) {
            if (!ForestSettings.isTakable(value)) {
                throw part.damaged("one of its numbers is " + value);
            }
        }
    }

    /** Points may overlap, as those of consecutive shingles do, but no two begin at one place. */
    private void requireSeparate(PartReader part, int[] locations, int numbers) {
        BitSet taken = new BitSet();
        int last = (numbers - settings.pointSize()) / settings.dimensions();
        for (int location : locations) {
            boolean inside = location == -1
                    || (location >= 0 && location <= last && numbers >= settings.pointSize() && !taken.get(location));
            if (!inside) {
                throw part.damaged("a point lies at " + location);
            }
            if (location >= 0) {
                taken.set(location);
            }
        }
    }

    private int[] equals(int[] locations, float[] values) {
        Map<FloatBuffer, Integer> first = new HashMap<>();
        int[] places = new int[locations.length];
        for (int i = 0; i < places.length; i++) {
            places[i] = -1;
            if (locations[i] >= 0) {
                FloatBuffer point =
                        FloatBuffer.wrap(values, locations[i] * settings.dimensions(), settings.pointSize());
                Integer before = first.putIfAbsent(point, i);
                places[i] = before == null ? i : before;
            }
        }
        return places;
    }

    private void trees(RandomCutForestState state) {
        List<CompactRandomCutTreeState> trees = new ArrayList<>();
        List<CompactSamplerState> samplers = new ArrayList<>();
        int each = ForestCopy.treesInAPart(settings.sampleSize());
        for (int first = 0; first < settings.trees(); first += each) {
            PartReader part = PartReader.open(
                    source, ForestCopy.treesPart(first / each), each * (64L + 16L * settings.sampleSize()));
            for (int i = first; i < Math.min(first + each, settings.trees()); i++) {
                CompactRandomCutTreeState tree = tree(part);
                CompactSamplerState sampler = sampler(part, state.getTotalUpdates());
                sampler.setRandomSeed(samplerSeeds.get(i));
                // A tree of one point has no nodes: the root is a leaf, and that of an empty tree is nothing.
                boolean noNodes = !tree.getNodeStoreState().isCanonicalAndNotALeaf();
                tree.setRoot(noNodes ? (sampler.getSize() == 0 ? -1 : settings.sampleSize()) : 0);
                if (sampler.getSize() == 0 && !noNodes) {
                    throw part.damaged("a tree has nodes and no points");
                }
                trees.add(tree);
                samplers.add(sampler);
            }
            part.end();
        }
        state.setCompactRandomCutTreeStates(trees);
        state.setCompactSamplerStates(samplers);
    }

    private CompactRandomCutTreeState tree(PartReader part) {
        CompactRandomCutTreeState tree = new CompactRandomCutTreeState();
        tree.setVersion(Version.V3_0);
        tree.setSeed(part.getLong());
        tree.setNodeStoreState(nodes(part));
        tree.setDimensions(settings.pointSize());
        tree.setMaxSize(settings.sampleSize());
        tree.setBoundingBoxCacheFraction(RandomCutForest.DEFAULT_BOUNDING_BOX_CACHE_FRACTION);
        tree.setPartialTreeState(true);
        tree.setOutputAfter(1);
        return tree;
    }

    private NodeStoreState nodes(PartReader part) {
        int capacity = settings.sampleSize() - 1;
        int count = part.getInt("number of nodes", 0, capacity);
        int[] left = new int[count];
        int[] right = new int[count];
        int known = 1;
        for (int i = 0; i < count; i++) {
            int children = part.getByte();
            if (children > 3 || known <= i) {
                throw part.damaged("its nodes are no tree");
            }
            left[i] = children & 1;
            right[i] = children >> 1;
            known += left[i] + right[i];
        }
        if (count > 0 && known != count) {
            throw part.damaged("its nodes are no tree");
        }
        int[] dimensions = new int[count];
        for (int i = 0; i < count; i++) {
            dimensions[i] = part.getChar();
            if (dimensions[i] >= settings.pointSize()) {
                throw part.damaged("it cuts dimension " + dimensions[i]);
            }
        }
        NodeStoreState nodes = new NodeStoreState();
        nodes.setVersion(Version.V3_0);
        nodes.setPrecision(Precision.FLOAT_32.name());
        nodes.setCapacity(capacity);
        nodes.setSize(count);
        nodes.setCanonicalAndNotALeaf(count > 0);
        nodes.setLeftIndex(left);
        nodes.setRightIndex(right);
        nodes.setCutDimension(dimensions);
        nodes.setCutValueData(ArrayPacking.pack(part.getFloats(count)));
        nodes.setPartialTreeStateEnabled(true);
        return nodes;
    }

    private CompactSamplerState sampler(PartReader part, long rows) {
        CompactSamplerState sampler = new CompactSamplerState();
        int size = part.getInt("number of points", 0, settings.sampleSize());
        int[] sample = part.getInts(size);
        Map<Integer, Integer> placeOf = new HashMap<>();
        for (int place : sample) {
            if (place < 0 || place >= equals.length || equals[place] < 0) {
                throw part.damaged("a tree holds the point " + place + ", which there is not");
            }
            // Equal points share a leaf, which knows one place alone.
            if (placeOf.computeIfAbsent(equals[place], any -> place) != place) {
                throw part.damaged("a tree holds one point from two places");
            }
            uses[place]++;
        }
        sampler.setSize(size);
        sampler.setPointIndex(sample);
        sampler.setWeight(part.getFloats(size));
        sampler.setCapacity(settings.sampleSize());
        sampler.setInitialAcceptFraction(RandomCutForest.DEFAULT_INITIAL_ACCEPT_FRACTION);
        sampler.setTimeDecay(settings.timeDecay());
        sampler.setMaxSequenceIndex(Math.max(0, rows - settings.shingleSize()));
        return sampler;
    }

    private void requireEveryPointUsed() {
        for (int i = 0; i < uses.length; i++) {
            if (uses[i] == 0 && equals[i] >= 0) {
                throw new StateDamagedException("The state has a point at " + i + " that no tree holds");
            }
        }
    }
}
