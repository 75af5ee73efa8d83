package dev.sampo.ingestion.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sampo.model.data.BadRecordException;
import dev.sampo.model.data.Row;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is read straight from bytes is what the readers of text give, fault by fault. */
class PlainBytesTest {
    @TempDir
    private Path folder;

    static List<Integer> seeds() {
        return IntStream.range(0, 200).boxed().toList();
    }

    private static String random(Random random, String[] parts, int most) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(most); i > 0; i--) {
            text.append(parts[random.nextInt(parts.length)]);
        }
        return text.toString();
    }

    /** A quote in the last record sends the whole span to the reader of quotes. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void csvWithoutQuotes(int seed) throws IOException {
        String[] parts = {
            "a", "12.5", ",", ",", ",", "\n", "\n", "\r\n", "\r", " ", "\t", "\u000b", "\f", "NA", "?", "ä", "\u3000",
            "\u2003", "😀", "\u00a0", "-1"
        };
        Random random = new Random(seed);
        String text = random(random, parts, 80) + "\n";
        boolean trim = random.nextBoolean();
        FormatSpec spec = new FormatSpec(
                random.nextBoolean() ? "csv" : "tsv",
                null,
                List.of("a", "b"),
                null,
                null,
                trim,
                null,
                null,
                null,
                null,
                null);
        RecordFormat format = RecordFormat.of(spec);
        List<Object> plain = Records.of(format, Files.writeString(folder.resolve("plain"), text), null, 1000);
        char delimiter = spec.delimiterChar();
        List<Object> quoted = Records.of(
                format, Files.writeString(folder.resolve("quoted"), text + "\"q\"" + delimiter + "1\n"), null, 1000);
        assertThat(quoted).hasSize(plain.size() + 1);
        assertThat(plain).as(text).isEqualTo(quoted.subList(0, plain.size()));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void libsvm(int seed) {
        String[] parts = {
            "1",
            "-1",
            "+1",
            "2:0.5",
            "3:1e-3",
            "4:-7",
            "5:",
            ":5",
            "1:1",
            " ",
            " ",
            " ",
            "\t",
            "\f",
            "\u000b",
            "#",
            "é",
            "9:0x1p3",
            "9:NaN",
            "0:1",
            "1234567890:1",
            "8:12345678901234567890.5",
            "6:1 7:2 8:3",
            "9:1f",
            "\r",
            "\u0001"
        };
        Random random = new Random(seed);
        for (int i = 0; i < 50; i++) {
            int base = random.nextInt(2);
            LibsvmFormat format = new LibsvmFormat(
                    new FormatSpec("libsvm", null, null, null, null, null, null, base, null, null, null));
            String line = random.nextBoolean() ? "1 " + random(random, parts, 9) : random(random, parts, 12);
            byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
            Row plain = new PlainLibsvm(bytes, base).row(0, bytes.length);
            if (plain != null) {
                assertThat(plain)
                        .as("base %d: %s", base, line)
                        .usingRecursiveComparison()
                        .isEqualTo(byText(format, line));
            }
        }
    }

    private static @Nullable Row byText(LibsvmFormat format, String line) {
        try {
            return format.row(line.stripTrailing());
        } catch (BadRecordException e) {
            return null;
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void libsvmPlainLinesAreNotLeftToTheReaderOfText(int seed) {
        Random random = new Random(seed);
        StringBuilder line = new StringBuilder(random.nextBoolean() ? "+1" : "-1.5");
        List<Integer> indices = new ArrayList<>();
        for (int index = 1 + random.nextInt(3); index < 500; index += 1 + random.nextInt(9)) {
            indices.add(index - 1);
            line.append(' ')
                    .append(index)
                    .append(':')
                    .append(random.nextGaussian() * Math.pow(10, random.nextInt(-9, 9)));
        }
        byte[] bytes = line.append(" # why").toString().getBytes(StandardCharsets.UTF_8);
        Row row = new PlainLibsvm(bytes, 1).row(0, bytes.length);
        assertThat(row).isNotNull();
        assertThat(row.vector().indices())
                .containsExactly(indices.stream().mapToInt(Integer::intValue).toArray());
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void libsvmHighestIndex(int seed) {
        String[] parts = {"1", "23", "456", "123456789", "0", ":", ":", ".", "-", " ", "\n", "#", "x", "\r"};
        String text = random(new Random(seed), parts, 60);
        int expected = 0;
        for (String line : text.split("\n")) {
            String data = (line.indexOf('#') < 0 ? line : line.substring(0, line.indexOf('#'))).stripTrailing();
            int colon = data.lastIndexOf(':');
            int start = colon;
            while (start > 0 && Character.isDigit(data.charAt(start - 1))) {
                start--;
            }
            if (start > 0 && colon - start >= 1 && colon - start <= 9) {
                expected = Math.max(expected, Integer.parseInt(data.substring(start, colon)));
            }
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        HighestIndex highest = new HighestIndex();
        int cut = bytes.length / 2;
        highest.feed(bytes, cut);
        byte[] rest = java.util.Arrays.copyOfRange(bytes, cut, bytes.length);
        highest.feed(rest, rest.length);
        assertThat(highest.end()).as(text).isEqualTo(expected);
    }
}
