package dev.sampo.model.feature;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import dev.sampo.model.feature.FeatureUnits.Unit;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.IntStream;

/** Counts of a categorical unit's values; none if they are hashed. */
final class CategoryStatistics implements UnitStatistics {
    static final int VALUES_MAX = 1_000_000;
    private static final long CHARS_MAX = 1L << 26;
    private final Unit unit;
    private final int[] at;
    private final boolean hashed;
    private final Categories counts;

    CategoryStatistics(Unit unit, int[] at) {
        this.unit = unit;
        this.at = at;
        hashed = unit.spec().buckets() != null;
        counts = new Categories(at.length);
    }

    @Override
    public void read(Row row) {}

    @Override
    public void ensureRoom(Row row) throws BadRecordException {
        if (hashed || isRoom(1, Categories.length(row.cells(), at)) || counts.get(row.cells(), at) >= 0) {
            return;
        }
        throw new BadRecordException(tooMany());
    }

    private boolean isRoom(long values, long chars) {
        return counts.size() + values <= VALUES_MAX && counts.chars() + chars <= CHARS_MAX;
    }

    private String tooMany() {
        return "column " + String.join(CategoryKey.AND, unit.columns()) + ": more than " + VALUES_MAX
                + " different values, or of " + CHARS_MAX + " characters; use transform hash, or buckets of a cross";
    }

    @Override
    public void count(Row row) {
        if (!hashed) {
            counts.add(row.cells(), at, 1);
        }
    }

    @Override
    public void ensureRoom(UnitStatistics later) {
        Categories theirs = ((CategoryStatistics) later).counts;
        if (isRoom(theirs.size(), theirs.chars())) {
            return;
        }
        int[] every = every();
        long values = 0;
        long chars = 0;
        for (String text : theirs.sorted().keySet()) {
            String[] cells = CategoryKey.parse(text, at.length);
            if (counts.get(cells, every) < 0) {
                values++;
                chars += Categories.length(cells, every);
            }
        }
        if (!isRoom(values, chars)) {
            throw new IllegalArgumentException(tooMany());
        }
    }

    private int[] every() {
        return IntStream.range(0, at.length).toArray();
    }

    @Override
    public void merge(UnitStatistics later) {
        addAll(((CategoryStatistics) later).counts.sorted());
    }

    private void addAll(Map<String, Long> texts) {
        int[] every = every();
        texts.forEach((text, count) -> counts.add(CategoryKey.parse(text, at.length), every, count));
    }

    @Override
    public FittedFeature fit(long rows) {
        return FittedFeature.category(unit, counts.sorted());
    }

    @Override
    public double nonZeros(FittedFeature fitted, long rows) {
        return 1;
    }

    @Override
    public void write(DataOutput out) throws IOException {
        writeCounts(counts.sorted(), out);
    }

    @Override
    public void readFrom(StatisticsReader in, long rows) {
        addAll(readCounts(in, VALUES_MAX, hashed ? 0 : rows));
    }

    static void writeCounts(Map<String, Long> counts, DataOutput out) throws IOException {
        out.writeInt(counts.size());
        for (var each : counts.entrySet()) {
            byte[] text = each.getKey().getBytes(StandardCharsets.UTF_8);
            out.writeInt(text.length);
            out.write(text);
            out.writeLong(each.getValue());
        }
    }

    /** Counts by text, ascending, that sum to {@code rows}. */
    static java.util.TreeMap<String, Long> readCounts(StatisticsReader in, int max, long rows) {
        java.util.TreeMap<String, Long> counts = new java.util.TreeMap<>();
        int items = in.items(Integer.BYTES + Long.BYTES);
        in.require(items <= max, items + " different values, at most " + max + " are gathered");
        long left = rows;
        for (int i = 0; i < items; i++) {
            String text = in.text();
            long count = in.count(left);
            in.require(count > 0, "a value that never occurs");
            in.require(counts.isEmpty() || counts.lastKey().compareTo(text) < 0, "values out of order");
            counts.put(text, count);
            left -= count;
        }
        in.require(left == 0, "counts of " + (rows - left) + " rows for " + rows);
        return counts;
    }
}
