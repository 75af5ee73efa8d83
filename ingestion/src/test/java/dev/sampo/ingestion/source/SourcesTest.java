package dev.sampo.ingestion.source;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.RawRow;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** File lists, packed files, and the formats beside CSV. */
class SourcesTest {
    @TempDir
    private Path folder;

    private Path file(String name, String text) throws IOException {
        Path path = folder.resolve(name);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }

    private Path packed(String name, byte[] bytes) throws IOException {
        Path path = folder.resolve(name);
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(path))) {
            out.write(bytes);
        }
        return path;
    }

    private List<Path> resolve(FormatType type, String... names) throws IOException {
        return SourceFiles.resolve("data.train", List.of(names), type);
    }

    @Test
    void foldersAndGlobsGiveTheSameOrderEverywhere() throws IOException {
        Path b = file("b.csv", "x");
        Path a = file("a.csv.gz", "x");
        Path deep = file("sub/c.csv", "x");
        file(".hidden.csv", "x");
        file("_temporary.csv", "x");
        file("notes.txt", "x");
        assertThat(resolve(FormatType.CSV, folder.toString())).containsExactly(a, b);
        assertThat(resolve(null, folder + "/*.csv*")).contains(a, b).doesNotContain(deep);
        assertThat(resolve(null, folder + "/**.csv")).contains(b, deep);
        assertThat(resolve(null, b.toString(), a.toString())).as("as named").containsExactly(b, a);
        assertThatThrownBy(() -> resolve(null, b.toString(), folder + "/b.*"))
                .isInstanceOf(BadSourceException.class)
                .hasMessageContaining("b.csv is listed twice");
        assertThatThrownBy(() -> resolve(FormatType.LIBSVM, folder.toString())).hasMessageContaining("no libsvm file");
        assertThatThrownBy(() -> resolve(null, folder + "/*.parquet")).hasMessageContaining("no file matches");
        file("empty.csv", "");
        assertThatThrownBy(() -> resolve(null, folder + "/empty.csv")).hasMessageContaining("empty.csv is empty");
    }

    private List<String> labels(FormatSpec spec, Path data, Path labels) throws IOException {
        ChunkReader reader = new ChunkReader(spec, new Unpacker(folder.resolve("scratch")));
        SourceFile file = new SourceFile(data.toString(), labels == null ? null : labels.toString());
        RecordFormat.Scan scan = reader.scan(file, 2);
        List<String> seen = new ArrayList<>();
        for (Span span : scan.spans()) {
            reader.read(file, scan.schema(0), span, (number, row) -> seen.add(row.text(0)));
        }
        return seen;
    }

    @Test
    void packedFilesAreReadLikePlainOnes() throws IOException {
        byte[] csv = "y,a\nn1,1\nn2,2\nn3,3\n".getBytes(StandardCharsets.UTF_8);
        assertThat(labels(FormatSpec.of("csv"), packed("a.csv.gz", csv), null)).containsExactly("n1", "n2", "n3");
        assertThat(labels(FormatSpec.of("csv"), packed("named-otherwise", csv), null))
                .hasSize(3);
        Path images = packed("i.gz", new byte[] {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4});
        Path classes = packed("l.gz", new byte[] {0, 0, 8, 1, 0, 0, 0, 2, 7, 9});
        assertThat(labels(FormatSpec.of("idx"), images, classes)).containsExactly("7", "9");
    }

    @Test
    void aPackedFileCutShortOrDamagedIsNamed() throws IOException {
        byte[] good =
                Files.readAllBytes(packed("a.csv.gz", "y\n1\n2\n".repeat(500).getBytes(StandardCharsets.UTF_8)));
        Path half = Files.write(folder.resolve("half.gz"), Arrays.copyOf(good, good.length / 2));
        assertThatThrownBy(() -> labels(FormatSpec.of("csv"), half, null))
                .isInstanceOf(BadSourceException.class)
                .hasMessageContaining("half.gz ends before its gzip data does");
        byte[] bad = good.clone();
        bad[good.length / 2] ^= 0x55;
        Path damaged = Files.write(folder.resolve("damaged.gz"), bad);
        assertThatThrownBy(() -> labels(FormatSpec.of("csv"), damaged, null)).hasMessageContaining("damaged.gz");
        assertThat(folder.resolve("scratch")).as("no half copies are left").isEmptyDirectory();
    }

    @Test
    void whatAProcessLeftInItsScratchFolderGoes() throws IOException {
        Path old = file("scratch/old-copy", "x");
        new Unpacker(folder.resolve("scratch"));
        assertThat(old).doesNotExist();
    }

    @Test
    void idxFilesThatDoNotFitAreRefused() throws IOException {
        Path images = Files.write(folder.resolve("i"), new byte[] {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3});
        Path classes = Files.write(folder.resolve("l"), new byte[] {0, 0, 8, 1, 0, 0, 0, 2, 7, 9});
        assertThatThrownBy(() -> labels(FormatSpec.of("idx"), images, classes)).hasMessageContaining("is it cut off?");
        Path three = Files.write(folder.resolve("t"), new byte[] {0, 0, 8, 1, 0, 0, 0, 3, 7, 9, 1});
        Path two = Files.write(folder.resolve("j"), new byte[] {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 1, 2});
        assertThatThrownBy(() -> labels(FormatSpec.of("idx"), two, three)).hasMessageContaining("3 labels for the 2");
        assertThatThrownBy(() -> labels(FormatSpec.of("idx"), file("c.csv", "a,b,c,d,e\n"), two))
                .hasMessageContaining("not an IDX file");
    }

    @Test
    void jsonLinesWithAVector() throws IOException {
        Path file = file("a.jsonl", """
                \uFEFF{"y": "yes", "age": 39, "v": [1, 2.5]}

                {"v": [0, -1], "y": null, "age": "?"}
                {"y": "no", "age": {"a": 1}, "v": [0, 0]}
                {"y": "no", "age": 1, "v": [0, "x"]}
                {"y": "no",
                """);
        RecordFormat format = RecordFormat.of(FormatSpec.of("jsonl"));
        RecordFormat.Scan scan = format.scan(file, null, 2);
        assertThat(scan.columns()).containsExactly("y", "age");
        assertThat(scan.vector()).isEqualTo("v");
        assertThat(scan.width()).isEqualTo(2);
        List<Object> seen = Records.of(format, file, null, 2);
        assertThat(seen.subList(0, 2)).isEqualTo(List.of(asList("yes", "39"), asList(null, null)));
        assertThat(seen.get(2).toString()).startsWith("line 4: field age: expected a plain value");
        assertThat(seen.get(3).toString()).startsWith("line 5: field v[1] is not a number");
        assertThat(seen.get(4).toString()).startsWith("line 6: not JSON");
        assertThat(vector(format, file, scan)).containsExactly(1, 2.5f);
    }

    private static float[] vector(RecordFormat format, Path file, RecordFormat.Scan scan) throws IOException {
        List<float[]> vectors = new ArrayList<>();
        format.read(file, null, scan.schema(0), scan.spans().get(0), new RecordFormat.Sink() {
            @Override
            public void row(int number, long line, RawRow row) {
                vectors.add(row.vector().values());
            }

            @Override
            public void bad(int number, long line, BadRecordException problem) {}
        });
        return vectors.get(0);
    }

    @Test
    void libsvmLinesThatAreWrongAreNamed() throws IOException {
        RecordFormat format =
                RecordFormat.of(new FormatSpec("libsvm", null, null, null, null, null, null, 1, null, null, null));
        List<Object> seen =
                Records.of(format, file("a.svm", "1 2:1 1:1\n1 3:\nx 1:1\n1 one:1\n1 1:NaN\n+1 1:0.5\n"), null, 100);
        assertThat(seen.get(0).toString()).contains("line 1: indices must ascend");
        assertThat(seen.get(1).toString()).contains("line 2").contains("3:");
        assertThat(seen.get(2).toString()).contains("line 3: the label is not a number: \"x\"");
        assertThat(seen.get(3).toString()).contains("line 4: \"one:1\" is not index:value");
        assertThat(seen.get(4).toString()).contains("line 5").contains("finite");
        assertThat(seen.get(5)).isEqualTo(asList("+1"));
    }
}
